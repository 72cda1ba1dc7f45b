"""The pages by axe-core, the engine of most tools that audit pages: no finding that it calls serious or critical."""

from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from ragmeter.core.compare.compare import compare
from ragmeter.report.html.comparison_page import comparison_page
from ragmeter.report.html.factors.page import factors_page
from ragmeter.report.html.index.page import index_page
from ragmeter.report.html.scorecard.tests import SessionTest
from ragmeter.report.html.scorecard_page import page_html, session_page
from tests.programs import program
from tests.report.examples import every_state, failing, second_provider
from tests.report.factors import fraction
from tests.report.html.on_top import expired, over_time, searched
from tests.report.html.over_time import index, many
from tests.report.test_sweep import judged
from tests.saved import saved_run

SIX = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0]
TESTS = [
    SessionTest(name="bench/test_mine.py::test_it", outcome="passed", seconds=1.2, words=""),
    SessionTest(name="bench/test_mine.py::test_that", outcome="failed", seconds=0.1, words="E  assert 1\nE  one\nlast"),
]


def _pages() -> dict[str, str]:
    states = {name: page_html([result]) for name, result in every_state().items()}
    sides = [saved_run("akamai-lke", SIX), saved_run("aws-eks", [0.6 * at for at in SIX], seed=2)]
    return states | {
        "expired": page_html([expired()]),
        "over_time": page_html([over_time()]),
        "searched": page_html([searched()]),
        "session": session_page([failing(), second_provider()], TESTS, comparisons=[("a or b?", "there.html")]),
        "empty": session_page([], []),
        "comparison": comparison_page(compare(sides, ragmeter_version="0")),
        "factors": factors_page(fraction()),
        "sweep": page_html([judged()[0]]),
        "live": files("ragmeter.run.processes").joinpath("live.html").read_text(encoding="utf-8"),
        "index": index_page(many()),
        "index_of_none": index_page(index([])),
    }


NAMES = tuple(_pages())


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("axe")
    for name, text in _pages().items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in NAMES}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


def _grave(found: dict[str, Any]) -> list[str]:
    return [
        f"{at['impact']} {at['id']}: {at['help']}: {node['html'][:160]}"
        for at in found["violations"]
        for node in at["nodes"]
        if at["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_serious(page: Page, pages: dict[str, Path], name: str) -> None:
    page.goto(pages[name].as_uri(), timeout=30_000)
    page.evaluate("document.querySelectorAll('details').forEach((at) => { at.open = true })")
    found = Axe().run(page).response
    assert len(found["passes"]) > 5
    assert _grave(found) == []


@pytest.mark.parametrize("name", ["fail", "comparison", "session", "factors", "sweep", "live", "index"])
def test_axe_finds_nothing_serious_in_the_dark(page: Page, pages: dict[str, Path], name: str) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(pages[name].as_uri(), timeout=30_000)
    assert _grave(Axe().run(page).response) == []


@pytest.mark.parametrize("name", ["fail", "comparison", "session", "searched", "index"])
def test_headings_begin_with_one_of_the_first_level_and_skip_none(
    page: Page, pages: dict[str, Path], name: str
) -> None:
    page.goto(pages[name].as_uri(), timeout=30_000)
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map((at) => Number(at.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


@pytest.mark.parametrize("name", ["fail", "comparison", "session", "index"])
@pytest.mark.parametrize("media", ["screen", "print"])
def test_what_comes_first_in_the_document_comes_first_on_the_page(
    page: Page, pages: dict[str, Path], name: str, media: Literal["screen", "print"]
) -> None:
    page.emulate_media(media=media)
    page.goto(pages[name].as_uri(), timeout=30_000)
    tops = page.locator("h1, h2, h3").evaluate_all("all => all.map((at) => at.getBoundingClientRect().top)")
    assert tops == sorted(tops)
    assert len(tops) > 6


@pytest.mark.parametrize(("name", "verdict"), [("fail", "FAIL"), ("comparison", "aws-eks is the cheapest")])
def test_print_begins_with_the_verdict_and_breaks_no_card(
    page: Page, pages: dict[str, Path], name: str, verdict: str
) -> None:
    page.emulate_media(media="print")
    page.goto(pages[name].as_uri(), timeout=30_000)
    said = page.locator("body").inner_text()
    assert verdict in said[:400]
    kept = page.locator(".card, .tile, .panel:not(details), figure, .callout, tr").evaluate_all(
        "all => all.map((at) => getComputedStyle(at).breakInside)"
    )
    assert set(kept) == {"avoid"}


@pytest.mark.parametrize("name", ["fail", "expired", "second_provider"])
def test_a_title_says_outcome_workload_provider_and_date(page: Page, pages: dict[str, Path], name: str) -> None:
    page.goto(pages[name].as_uri(), timeout=30_000)
    outcome, rest = page.title().split(": ", maxsplit=1)
    assert outcome in ("FAIL", "PASS")
    assert " @ " in rest
    assert "2026-11-20" in rest
