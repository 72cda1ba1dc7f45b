"""The plots over the run in a real Chromium: read with the pointer and the keys, zoomed, and whole again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from ragmeter.report.html.scorecard_page import page_html
from tests.programs import program
from tests.report.html.on_top import expired
from tests.report.pages import page_of


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    path = tmp_path_factory.mktemp("timeline") / "page.html"
    path.write_text(page_html([expired()]), encoding="utf-8")
    with sync_playwright() as playwright:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        chromium = playwright.chromium.launch(executable_path=program("chromium"), args=arguments)
        opened = chromium.new_page(viewport={"width": 1280, "height": 900})
        opened.goto(path.as_uri(), timeout=30_000)
        yield opened
        chromium.close()


@pytest.fixture(autouse=True)
def whole_run(page: Page) -> None:
    page.locator(".panels").focus()
    page.keyboard.press("Escape")


def _readout(page: Page) -> str:
    return page.locator(".readout").inner_text()


def _ticks(page: Page) -> list[str]:
    return page.locator(".time-axis text").all_text_contents()


def _across(page: Page, share: float) -> tuple[float, float]:
    """A place on the first plot, after scrolling to it."""
    plot = page.locator(".plot .chart[role=img]").first
    plot.scroll_into_view_if_needed()
    room = plot.bounding_box()
    assert room is not None
    return room["x"] + share * room["width"], room["y"] + room["height"] / 2


def test_a_pointer_over_a_plot_reads_all_of_them_out_and_takes_it_away_again(page: Page) -> None:
    at_rest = _readout(page)
    page.mouse.move(*_across(page, 0.25))
    said = _readout(page)
    assert said.startswith("75\N{EN DASH}80 s: offered 2/s, answered ")
    assert "failed 0/s, longest TTFT " in said
    assert page.locator(".cursor").is_visible()
    page.mouse.move(5, 5)
    assert _readout(page) == at_rest
    assert page.locator(".cursor").is_hidden()


def test_what_has_no_value_there_is_not_zero(page: Page) -> None:
    page.mouse.move(*_across(page, 0.75))
    assert "longest TTFT \N{EN DASH}, median TTFT \N{EN DASH}" in _readout(page)


def test_a_drag_zooms_and_the_button_shows_the_whole_run(page: Page) -> None:
    whole = _ticks(page)
    button = page.get_by_role("button", name="Whole run")
    assert button.is_hidden()
    page.mouse.move(*_across(page, 0.5))
    page.mouse.down()
    page.mouse.move(*_across(page, 0.6), steps=4)
    page.mouse.up()
    assert button.is_visible()
    assert _ticks(page) != whole
    assert {"160", "170"} <= set(_ticks(page))
    page.mouse.move(*_across(page, 0.0))
    assert _readout(page).startswith("150\N{EN DASH}155 s")
    button.click()
    assert _ticks(page) == whole
    assert button.is_hidden()


def test_the_keys_do_what_the_pointer_does(page: Page) -> None:
    page.mouse.move(5, 5)
    page.locator(".panels").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert _readout(page).startswith("5\N{EN DASH}10 s")
    page.keyboard.press("+")
    assert page.get_by_role("button", name="Whole run").is_visible()
    page.keyboard.press("-")
    assert page.get_by_role("button", name="Whole run").is_hidden()


def test_failures_that_decide_stand_above_the_slos_in_the_words_of_the_server() -> None:
    (top,) = page_of(expired()).of_class("headline")
    assert "238 of 500 requests, from 151 s to 300 s: HTTP 401 Unauthorized: token expired" in top.text()
    text = page_of(expired()).text()
    assert text.index("Failed requests") < text.index("Service level objectives")
    (table,) = page_of(expired()).of_class("failures")
    assert [row.text() for row in table.all("tr")[2:]] == ["timeout: no end within 120 s20.4 %12.0 s12.0 s"]
