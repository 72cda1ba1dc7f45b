/* Hover, keys and zoom for the plots over the run. Without this script they are the same drawings, at rest. */
for (const figure of document.querySelectorAll(".timeline")) {
  const { bin, series } = JSON.parse(figure.dataset.run);
  const bins = series[0].values.length, length = Number(figure.dataset.end);
  const panels = [...figure.querySelectorAll(".panels")][0];
  const drawings = [...figure.querySelectorAll(".plot svg[viewBox]")];
  const axis = figure.querySelector(".time-axis");
  const readout = figure.querySelector(".readout"), whole = figure.querySelector("button");
  const atRest = readout.textContent, axisAtRest = axis.innerHTML;
  const cursor = Object.assign(document.createElement("div"), { className: "cursor", hidden: true });
  const marked = Object.assign(document.createElement("div"), { className: "marked", hidden: true });
  panels.append(cursor, marked);
  let from = 0, to = length, at = null, pressed = null;

  const written = (value, unit) => value === null ? "\u2013"
    : `${value.toLocaleString("en-US", value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })}${unit}`;
  const room = () => {
    const plot = panels.querySelector(".plot > svg.chart:last-child").getBoundingClientRect();
    return { left: plot.left - panels.getBoundingClientRect().left, width: plot.width, page: plot.left };
  };
  const timeAt = (x) => from + Math.min(Math.max((x - room().page) / room().width, 0), 1) * (to - from);

  const show = (index) => {
    at = index === null ? null : Math.min(Math.max(index, Math.floor(from / bin)), Math.min(bins, Math.ceil(to / bin)) - 1);
    cursor.hidden = at === null;
    if (at === null) { readout.textContent = atRest; return; }
    const { left, width } = room(), middle = Math.min((at + 0.5) * bin, length);
    cursor.style.left = `${left + (middle - from) / (to - from) * width}px`;
    const values = series.map(({ name, unit, values }) => `${name} ${written(values[at], unit)}`);
    readout.textContent = `${written(at * bin, "")}\u2013${written(Math.min((at + 1) * bin, length), " s")}: ${values.join(", ")}`;
  };
  const step = (width) => {
    const raw = width / 5, power = 10 ** Math.floor(Math.log10(raw));
    return [1, 2, 5, 10].map((factor) => power * factor).find((each) => each >= raw * 0.999999);
  };
  const zoom = (start, end) => {
    const width = Math.min(end - start, length);
    from = Math.min(Math.max(start, 0), length - width);
    to = from + width;
    const all = width >= length * (1 - 1e-9);
    whole.hidden = all;
    for (const drawing of drawings) {
      drawing.setAttribute("viewBox", `${from / length * 1000} 0 ${(to - from) / length * 1000} 1000`);
      drawing.setAttribute("overflow", all ? "visible" : "hidden");
    }
    axis.innerHTML = axisAtRest;
    if (!all) {
      const model = axis.querySelector("text"), each = step(to - from);
      axis.querySelectorAll("text").forEach((tick) => tick.remove());
      for (let tick = Math.ceil(from / each) * each; tick <= to; tick += each) {
        const label = model.cloneNode(), share = (tick - from) / (to - from);
        label.textContent = Number(tick.toPrecision(6)).toLocaleString("en-US");
        label.setAttribute("x", `${share * 100}%`);
        label.setAttribute("text-anchor", share < 0.08 ? "start" : share > 0.92 ? "end" : "middle");
        axis.append(label);
      }
      axis.querySelectorAll("line:not(:first-of-type)").forEach((mark) => mark.remove());
    }
    show(at);
  };

  panels.addEventListener("pointermove", (event) => {
    show(Math.floor(timeAt(event.clientX) / bin));
    if (pressed === null) return;
    const { left, width } = room(), now = timeAt(event.clientX);
    const [start, end] = [Math.min(pressed, now), Math.max(pressed, now)];
    marked.hidden = false;
    marked.style.left = `${left + (start - from) / (to - from) * width}px`;
    marked.style.width = `${(end - start) / (to - from) * width}px`;
  });
  panels.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pressed = timeAt(event.clientX);
    if (event.pointerType === "mouse") event.preventDefault();
  });
  const released = (event) => {
    if (pressed === null) return;
    const [start, end] = [pressed, timeAt(event.clientX)].sort((a, b) => a - b);
    pressed = null;
    marked.hidden = true;
    if (end - start >= 2 * bin) zoom(start, end);
  };
  addEventListener("pointerup", released);
  addEventListener("pointercancel", () => { pressed = null; marked.hidden = true; });
  panels.addEventListener("pointerleave", () => { if (pressed === null) show(null); });
  panels.addEventListener("dblclick", () => zoom(0, length));
  whole.addEventListener("click", () => zoom(0, length));
  panels.addEventListener("keydown", (event) => {
    const middle = at === null ? (from + to) / 2 : (at + 0.5) * bin, half = (to - from) / 4;
    const acts = {
      ArrowLeft: () => show(at === null ? bins - 1 : at - 1),
      ArrowRight: () => show(at === null ? Math.floor(from / bin) : at + 1),
      "+": () => { if (half >= bin) zoom(middle - half, middle + half); },
      "-": () => zoom(middle - 4 * half, middle + 4 * half),
      Escape: () => { zoom(0, length); show(null); },
    };
    if (acts[event.key]) { acts[event.key](); event.preventDefault(); }
  });
  addEventListener("resize", () => show(at));
}
