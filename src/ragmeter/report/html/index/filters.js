/* Shows the runs and trends that have the chosen values, which the address of the page keeps. */
for (const form of document.querySelectorAll(".filters")) {
  const fields = [...form.querySelectorAll("select")];
  const rows = [...document.querySelectorAll("tr[data-provider]")];
  const marked = [...document.querySelectorAll("[data-provider]")];
  const told = form.querySelector("[role=status]");
  const apply = () => {
    const chosen = fields.filter((field) => field.selectedIndex > 0);
    for (const each of marked) each.hidden = chosen.some((field) => each.dataset[field.name] !== field.value);
    const shown = rows.filter((row) => !row.hidden).length;
    told.textContent = chosen.length ? `${shown} of ${rows.length} runs` : `all ${rows.length} runs`;
  };
  const restore = () => {
    const kept = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      const at = [...field.options].findIndex((option) => option.value === kept.get(field.name));
      field.selectedIndex = Math.max(at, 0);
    }
    apply();
  };
  form.addEventListener("change", () => {
    const chosen = fields.filter((field) => field.selectedIndex > 0).map((field) => [field.name, field.value]);
    history.replaceState(null, "", `#${new URLSearchParams(chosen)}`);
    apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", restore);
  form.hidden = false;
  restore();
}
