"""The page of a comparison: its structure, and in a real Chromium at desktop and phone width."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from ragmeter.core.compare import compare
from ragmeter.core.comparison import Comparison
from ragmeter.report.comparison_page import comparison_page
from ragmeter.report.comparison_text import comparison_lines
from tests.report.pages import parsed
from tests.saved import saved_run

SIX = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0]


@pytest.fixture(scope="module")
def found() -> Comparison:
    """One faster, one undecided for want of trials, one with prices missing; with a noise band."""
    runs = (
        saved_run("akamai-lke", SIX),
        saved_run("aws-eks", [0.6 * each for each in SIX], seed=2, metadata={"gpu_model": "H100", "dtype": None}),
        saved_run("gcp-gke", [1.0, 4.0, 0.3], seed=3, cost=None, metadata={"model_id": "other"}),
    )
    return compare(runs, aa=[(runs[0], saved_run("akamai-lke", SIX, seed=4))], ragmeter_version="0")


def test_each_pair_says_first_what_was_decided(found: Comparison) -> None:
    first, second, _ = parsed(comparison_page(found)).all("article")
    answers = [item.text() for item in first.of_class("reason")[0].all("li")]
    assert answers[0].startswith("Time to first token, p50: aws-eks faster by 3")
    assert [item.text() for item in second.of_class("reason")[0].all("li")] == ["7 of 7 metrics are not decidable"]


def test_differences_that_forbid_and_that_explain_are_shown_apart(found: Comparison) -> None:
    first, second, _ = parsed(comparison_page(found)).all("article")
    assert "These runs did not measure the same" not in first.text()
    assert "model_id: m and other" in second.text()
    assert "gpu_model" in first.text()
    assert "Must match and is not known of both runs: dtype." in first.text()


def test_every_drawing_has_a_name_and_its_own_ids(found: Comparison) -> None:
    page = parsed(comparison_page(found))
    ids = [at.attributes["id"] for at in page.all() if "id" in at.attributes]
    assert len(ids) == len(set(ids))
    assert len(page.all("svg")) >= 20
    assert all(drawing.all("title") and drawing.all("desc") for drawing in page.all("svg"))


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_on_a_terminal_is_wider_than_it(found: Comparison, width: int) -> None:
    lines = comparison_lines(found, width=width, colour=False)
    assert max(len(line) for line in lines) <= width


def test_colour_marks_the_verdicts_and_changes_no_word(found: Comparison) -> None:
    plain = comparison_lines(found, width=100, colour=False)
    painted = comparison_lines(found, width=100, colour=True)
    assert "\x1b[1;32m" in "".join(painted)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in painted] == plain


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_asks_for_nothing_and_is_quiet(
    browser: Browser, found: Comparison, tmp_path: Path, width: int
) -> None:
    path = tmp_path / "comparison.html"
    path.write_text(comparison_page(found), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri(), timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (complaints, requests) == ([], [path.as_uri()])
    page.close()
