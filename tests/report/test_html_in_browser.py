"""The pages in a real Chromium: alone, and inside the page that a real pytest-html writes."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ragmeter.report.html.factors.page import factors_page
from ragmeter.report.html.scorecard_page import page_html, scorecard_html
from tests.programs import program
from tests.report.examples import every_state, failing, hostile, invalid, second_provider
from tests.report.factors import fraction

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = 1280, 390

# Text and the colour behind it, wherever an element has text of its own that takes up room.
_LOW_CONTRAST = """(least) => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1});
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1); context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
      if (colour[3] !== 0) throw new Error(`half transparent: ${at.className}`);
    }
    throw new Error('nothing is painted behind the page');
  };
  const luminance = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const found = [];
  let looked = 0;
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const words = own.map((node) => node.data.trim()).join('');
    const room = element.getBoundingClientRect();
    if (!words || !room.width || ['STYLE', 'SCRIPT', 'TITLE', 'DESC'].includes(element.tagName.toUpperCase())) continue;
    const style = getComputedStyle(element);
    const ratio = contrast(rgba(element.ownerSVGElement ? style.fill : style.color), behind(element));
    looked += 1;
    if (ratio < least) found.push(`${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${words.slice(0, 40)}`);
  }
  return {looked, found};
}"""

# What sticks out of the page, except inside a box that scrolls by itself.
_STICKS_OUT = """() => {
  const scrolls = (element) => element !== document.body
    && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
  return [...document.body.querySelectorAll('*')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.ownerSVGElement)
    .filter((element) => !scrolls(element.parentElement))
    .map((element) => `${element.tagName}.${element.className} ${Math.round(element.getBoundingClientRect().right)}`);
}"""


_TEXT_OUTSIDE_ITS_DRAWING = """() => [...document.querySelectorAll('.chart text')].filter((text) => {
  const [room, words] = [text.closest('.chart').getBoundingClientRect(), text.getBoundingClientRect()];
  return words.left < room.left - 2 || words.right > room.right + 2;
}).map((text) => text.textContent)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    page: Page
    complaints: list[str]
    requests: list[str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files by name: each state alone, two providers, and pytest-html's page with the scorecard in it."""
    folder = tmp_path_factory.mktemp("pages")
    results = {name: [result] for name, result in every_state().items()}
    results["two_providers"] = [failing(), second_provider()]
    found = {name: folder / f"{name}.html" for name in results}
    for name, path in found.items():
        path.write_text(page_html(results[name]), encoding="utf-8")
    found["factors"] = folder / "factors.html"
    found["factors"].write_text(factors_page(fraction(broken=3)), encoding="utf-8")
    return found | {"inside_pytest_html": _pytest_html_page(tmp_path_factory.mktemp("suite"))}


def _pytest_html_page(folder: Path) -> Path:
    """Runs a real pytest with pytest-html on a suite that passes, fails and skips."""
    (folder / "scorecard.html").write_text(scorecard_html([invalid(), hostile()]), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text(
        "from pathlib import Path\n"
        "def pytest_html_results_summary(prefix):\n"
        "    prefix.append(Path(__file__).with_name('scorecard.html').read_text(encoding='utf-8'))\n"
    )
    (folder / "test_suite.py").write_text(
        "import pytest\n"
        "def test_passes(): print('a line of output ' * 20)\n"
        "def test_fails(): assert 1843 <= 1500, 'p95(ttft_ms) = 1843 > 1500'\n"
        "def test_with_a_name_that_is_longer_than_the_screen_of_a_phone_has_room_for_on_one_line(): pass\n"
        "@pytest.mark.skip(reason='not today')\n"
        "def test_skips(): pass\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:ragmeter.plugin",
        "-p",
        "no:cacheprovider",
        "--html=report.html",
    ]
    ended = subprocess.run(
        [*command, "--self-contained-html"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return folder / "report.html"


@pytest.fixture
def visit(browser: Browser) -> Iterator["Visitor"]:
    visitor = Visitor(browser)
    yield visitor
    visitor.leave()


class Visitor:
    """Opens pages, keeps what they complain about and ask for, and closes them in the end."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open: list[Page] = []

    def __call__(self, path: Path, width: int, scheme: Literal["light", "dark"] = "light") -> Visit:
        page = self._browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            is_mobile=width == PHONE,
            has_touch=width == PHONE,
        )
        self._open.append(page)
        complaints: list[str] = []
        requests: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri(), timeout=20_000)
        return Visit(page=page, complaints=complaints, requests=requests)

    def leave(self) -> None:
        for page in self._open:
            page.close()


PAGES = (*every_state(), "two_providers", "factors", "inside_pytest_html")
WIDTHS = pytest.mark.parametrize("width", [DESKTOP, PHONE])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@WIDTHS
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_asks_for_nothing_and_fits_its_width(
    visit: Visitor, pages: dict[str, Path], name: str, width: int
) -> None:
    seen = visit(pages[name], width)
    seen.page.evaluate("document.querySelectorAll('details').forEach((at) => { at.open = true })")
    assert seen.complaints == []
    assert seen.requests == [pages[name].as_uri()]
    assert seen.page.evaluate("innerWidth") == width
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.page.evaluate(_STICKS_OUT) == []


@SCHEMES
@pytest.mark.parametrize(
    "name", ["fail", "inconclusive", "no_data", "invalid", "two_providers", "factors", "inside_pytest_html"]
)
def test_all_text_stands_out_from_what_is_behind_it(
    visit: Visitor, pages: dict[str, Path], name: str, scheme: Literal["light", "dark"]
) -> None:
    page = visit(pages[name], DESKTOP, scheme).page
    page.evaluate("document.querySelectorAll('details').forEach((at) => { at.open = true })")
    judged = page.evaluate(_LOW_CONTRAST, 4.5)
    assert judged["looked"] > 150
    assert judged["found"] == []


@SCHEMES
@WIDTHS
def test_outcomes_are_visible_without_scrolling_sideways(
    visit: Visitor, pages: dict[str, Path], width: int, scheme: Literal["light", "dark"]
) -> None:
    page = visit(pages["fail"], width, scheme).page
    badges = page.locator(".verdicts .badge")
    assert badges.count() == 4
    for badge in (page.locator(".headline .badge"), *badges.all()):
        room = badge.bounding_box()
        assert badge.is_visible()
        assert room is not None
        assert room["x"] + room["width"] <= width


def test_dark_mode_is_dark_and_light_mode_is_light(visit: Visitor, pages: dict[str, Path]) -> None:
    read = "getComputedStyle(document.body).backgroundColor"
    for name in ("pass", "inside_pytest_html"):
        assert visit(pages[name], DESKTOP, "light").page.evaluate(read) == "rgb(255, 255, 255)"
        assert visit(pages[name], DESKTOP, "dark").page.evaluate(read) == "rgb(14, 18, 23)"


@WIDTHS
@pytest.mark.parametrize("name", ["fail", "tiny", "no_data", "without_success"])
def test_no_word_reaches_out_of_its_drawing(visit: Visitor, pages: dict[str, Path], name: str, width: int) -> None:
    page = visit(pages[name], width).page
    assert page.locator(".chart text").count() > 8
    assert page.evaluate(_TEXT_OUTSIDE_ITS_DRAWING) == []


@WIDTHS
def test_text_in_drawings_keeps_its_size(visit: Visitor, pages: dict[str, Path], width: int) -> None:
    page = visit(pages["fail"], width).page
    heights = page.locator(".chart text").evaluate_all("all => all.map((at) => at.getBoundingClientRect().height)")
    assert len(heights) > 30
    assert all(10 <= height <= 20 for height in heights)


def test_the_scorecard_comes_first_in_the_page_of_pytest_html(visit: Visitor, pages: dict[str, Path]) -> None:
    page = visit(pages["inside_pytest_html"], DESKTOP).page
    tops = {
        place: page.locator(place).first.evaluate("at => at.getBoundingClientRect().top")
        for place in (".ragmeter", "#results-table", "#environment")
    }
    assert tops[".ragmeter"] < tops["#results-table"] < tops["#environment"]


def test_the_tests_of_pytest_html_still_fold_and_filter(visit: Visitor, pages: dict[str, Path]) -> None:
    page = visit(pages["inside_pytest_html"], DESKTOP).page
    assert page.locator("#results-table .collapsible").count() == 4
    page.locator("input[data-test-result=passed]").uncheck()
    assert page.locator("#results-table .collapsible").count() == 2


def test_print_opens_what_is_folded(visit: Visitor, pages: dict[str, Path]) -> None:
    page = visit(pages["pass"], DESKTOP).page
    formulas = page.get_by_text("t_F - t_send: first non-empty answer text")
    assert not formulas.is_visible()
    page.emulate_media(media="print")
    assert formulas.evaluate("at => at.getBoundingClientRect().height") > 0
