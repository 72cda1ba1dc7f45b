"""The site of the documentation, built as `tox -e docs` builds it, and opened from the disk in a browser."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.docs.pages import DOCS, PAGES, ROOT
from tests.programs import program
from tools.site.navigation import NAVIGATION
from tools.site.sources import BESIDE_THE_CODE, as_page

LOADED = re.compile(r"<(?:script|img|iframe|link)[^>]*?\b(?:src|href)=\"([^\"]*)\"")
WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation") / "site"
    command = [sys.executable, "-m", "tools.site", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_there_and_lists_the_others(site: Path) -> None:
    for page in PAGES:
        path = site / page.relative_to(DOCS).with_suffix(".html")
        assert path.is_file(), page
        text = path.read_text(encoding="utf-8")
        assert all(caption in text for caption in NAVIGATION)


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        for target in LOADED.findall(page.read_text(encoding="utf-8")):
            assert "//" not in target.removeprefix("data:"), f"{page.name}: {target}"
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")), style


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


def test_search_finds_a_term_without_a_server(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    page.fill("input[name=q]", "coordinated omission")
    page.press("input[name=q]", "Enter")
    page.wait_for_selector("#search-results li")
    assert "Glossary" in page.inner_text("#search-results")
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_screen(site: Path, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path.name
    page.close()


CASES = {
    "a page of docs/": ("[how](docs/a.md#b)", "index.md", "[how](a.md#b)"),
    "the same from a folder": ("[how](docs/a.md)", "project/changes.md", "[how](../a.md)"),
    "an image": ("![it](docs/images/a.png)", "index.md", "![it](images/a.png)"),
    "another page beside the code": ("[how](README.md#two)", "project/contributing.md", "[how](../index.md#two)"),
    "a file that the site does not have": ("see [LICENSE](LICENSE)", "index.md", "see LICENSE"),
    "another host": ("[x](https://example.com/docs/a.md)", "index.md", "[x](https://example.com/docs/a.md)"),
    "a heading of its own": ("[x](#y)", "index.md", "[x](#y)"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_link_of_a_file_in_the_root_leads_to_the_page_of_the_site(case: str) -> None:
    text, page, expected = CASES[case]
    assert as_page(text, page) == expected


def test_every_page_beside_the_code_exists() -> None:
    assert all((ROOT / name).is_file() for name in BESIDE_THE_CODE)
