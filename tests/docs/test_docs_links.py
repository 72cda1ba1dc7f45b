import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, TEXTS, anchors, links, prose


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_internal_link_leads_somewhere(path: Path) -> None:
    for link in links(path):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), f"{link} in {path.name}"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading in {target.name}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_of_the_docset_links_out_of_it(path: Path) -> None:
    """The pages ship in the wheel, where the rest of the checkout is not."""
    for link in links(path):
        target = (path.parent / link.partition("#")[0]).resolve()
        assert target.is_relative_to(ROOT / "docs"), link


def test_the_readme_leads_to_every_page() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        reached.add(path)
        found = [(path.parent / link.partition("#")[0]).resolve() for link in links(path) if "://" not in link]
        waiting += [target for target in found if target.suffix == ".md" and target not in reached]
    assert reached >= set(PAGES)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_that_prose_names_exists(path: Path) -> None:
    folders = "backend|bench|docs|fixtures|requirements|schemas|src|tests|tools|workloads"
    for name in re.findall(rf"`((?:{folders})/[\w./-]*)`", prose(path)):
        assert (ROOT / name).exists(), f"{name} in {path.name}"
