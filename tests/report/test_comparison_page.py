"""The page of a comparison: its structure, and in a real Chromium at desktop and phone width."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from ragmeter.core.compare.compare import compare
from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.run.saved import SavedRun
from ragmeter.report.html.comparison_page import comparison_page
from ragmeter.report.markdown.summary import summary_markdown
from ragmeter.report.text.comparison_text import comparison_lines
from ragmeter.report.text.verdict_block import comparison_block
from ragmeter.report.words.comparison import conclusions, sentence_of
from tests.programs import program
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


def test_the_question_and_what_is_known_of_it_stand_on_top(found: Comparison) -> None:
    (top,) = parsed(comparison_page(found)).of_class("headline")
    workload = found.sides[0].workload
    assert top.all("h2")[0].text() == f"akamai-lke, aws-eks or gcp-gke: which one for {workload}?"
    said = [item.text() for item in top.all("li")]
    assert said == [sentence_of(claim) for claim in found.claims]
    assert re.match(r"aws-eks is the cheapest that meets your SLOs at .* USD \[.*\] per 1,000 good answers", said[0])
    assert re.match(r"aws-eks is 3\d % \[.*\] faster .* and costs 3\d % \[.*\] less than akamai-lke", said[1])
    assert "gcp-gke is not shown to meet p50(ttft_ms) <= 1000 (it is" in "".join(said)
    assert said[-1].startswith("Compared at equal load: ")
    assert "corrected over all" in top.text()


def test_a_metric_that_no_side_has_a_figure_of_is_named_once_and_fills_no_table() -> None:
    unpriced = compare(
        [saved_run(name, SIX, seed=at, cost=None) for at, name in enumerate("abc")], ragmeter_version="0"
    )
    page = parsed(comparison_page(unpriced))
    (top,) = page.of_class("headline")
    assert "No side has a figure of USD per 1M tokens or USD per good request." in top.text()
    assert "What a, b and c cost is not known." in [item.text() for item in top.all("li")]
    assert "USD per 1M tokens" not in page.of_class("forest")[0].text()
    told = "\n".join(comparison_lines(unpriced, width=100, colour=False))
    assert "USD/1M tokens" not in told
    assert "unknown" not in told


def test_a_change_that_stands_in_its_own_column_is_not_said_again(found: Comparison) -> None:
    words = [cell.text() for cell in parsed(comparison_page(found)).of_class("slo")]
    assert any("more trials needed" in word for word in words)
    assert not any("; change of" in word or "not decidable:" in word for word in words)


def three() -> list[SavedRun]:
    factors = {"a": 1.0, "b": 2.0, "c": 3.0}
    return [saved_run(name, [f * each for each in SIX], seed=at) for at, (name, f) in enumerate(factors.items())]


def test_page_terminal_end_of_a_session_and_summary_say_the_same_sentences(found: Comparison) -> None:
    unpriced = compare(three(), ragmeter_version="0")
    undecided = compare([saved_run(name, [1.0, 2.0], seed=at) for at, name in enumerate("ab")], ragmeter_version="0")
    for each in (found, unpriced, undecided):
        (top,) = parsed(comparison_page(each)).of_class("answers")
        claimed = [item.text() for item in top.all("li")]
        assert claimed
        assert conclusions(each)[: len(claimed)] == claimed
        for lines in (
            comparison_lines(each, width=100, colour=False),
            comparison_block(each, width=100),
            [unescape(summary_markdown([], [each], mask=str)).replace("\N{ZERO WIDTH SPACE}", "")],
        ):
            told = "".join("".join(lines).split())  # lines break at spaces, and within a name at its hyphens
            assert [words for words in conclusions(each) if "".join(words.split()) not in told] == []


def test_differences_that_forbid_stand_above_the_figures_and_those_that_explain_below(found: Comparison) -> None:
    page = parsed(comparison_page(found))
    (forbids,) = page.of_class("invalid")
    assert "model_id: m and other" in forbids.text()
    text = page.text()
    assert text.index("These runs did not measure the same") < text.index("Differences") < text.index("gpu_model")
    assert "Must match and is not known of all runs: dtype." in text


def test_each_side_has_a_card_with_its_figures_and_the_places_it_can_have(found: Comparison) -> None:
    cards = parsed(comparison_page(found)).of_class("card")
    assert [card.all("h3")[0].text() for card in cards] == ["akamai-lke", "aws-eks", "gcp-gke"]
    for words in ("Time to first token, p95", "Time per output token, p50", "concurrent streams", "Errors", "place "):
        assert all(words in card.text() for card in cards), words
    assert ["USD per 1M tokens" in card.text() for card in cards] == [True, True, False]


def test_a_figure_that_is_not_known_has_no_place(found: Comparison) -> None:
    side = found.sides[0]
    unknown = replace(side.estimates["p95(ttft_ms)"], value=None, low=None, high=None)
    sides = (replace(side, estimates={**side.estimates, "p95(ttft_ms)": unknown}), *found.sides[1:])
    (row,) = [
        at
        for at in parsed(comparison_page(replace(found, sides=sides))).of_class("card")[0].all("tr")
        if "Time to first token, p95" in at.text()
    ]
    assert "place" not in row.text()


def test_price_against_speed_is_drawn_of_the_sides_that_have_both(found: Comparison) -> None:
    """The third has no prices."""
    (drawing,) = [
        at for at in parsed(comparison_page(found)).all("svg") if at.attributes.get("aria-labelledby") == "pareto-t"
    ]
    said = drawing.all("desc")[0].text()
    assert "akamai-lke " in said
    assert "aws-eks " in said
    assert "gcp-gke" not in said
    unpriced = replace(found.sides[1], cost=None)
    one_left = replace(found, sides=(found.sides[0], unpriced, found.sides[2]))
    assert "Price against speed" not in comparison_page(one_left)


def test_raw_records_are_named_with_their_hash_or_said_to_have_none(found: Comparison) -> None:
    (table,) = parsed(comparison_page(found)).of_class("runs")
    assert "akamai-lke.raw.jsonl" in table.text()
    assert "in memory: no hash" in table.text()


def test_a_linked_probe_shows_its_figures_and_none_shows_nothing(found: Comparison) -> None:
    assert "East-west" not in comparison_page(found)
    linked = replace(found.sides[0], netprobe_reference="ew.json")
    probe = {
        "latency": {"avg_ms": 0.41, "p99_ms": 1.2},
        "tcp_throughput": {"gbps": 4.87, "retransmits": 12},
        "udp_jitter": None,
    }
    page = comparison_page(replace(found, sides=(linked, *found.sides[1:])), {"akamai-lke": probe})
    (row,) = [row for row in parsed(page).all("tr") if "ew.json" in row.text()]
    assert [cell.text() for cell in row.all("td")[:5]] == ["0.410 ms", "1.20 ms", "4.87 Gbit/s", "12.0 segments", "–"]  # noqa: RUF001


def test_every_drawing_has_a_name_and_its_own_ids(found: Comparison) -> None:
    page = parsed(comparison_page(found))
    ids = [at.attributes["id"] for at in page.all() if "id" in at.attributes]
    assert len(ids) == len(set(ids))
    assert len(page.all("svg")) >= 20
    drawings = [drawing for drawing in page.all("svg") if drawing.attributes.get("role") == "img"]
    assert all(drawing.all("title") and drawing.all("desc") for drawing in drawings)


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_on_a_terminal_is_wider_than_it(found: Comparison, width: int) -> None:
    lines = comparison_lines(found, width=width, colour=False)
    assert max(len(line) for line in lines) <= width


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        (([1.0], [1.1]), "all: not decidable: 1 trial cannot tell a difference from drift between runs"),
        ((SIX, [3 * each for each in SIX]), None),
    ],
)
def test_what_is_said_of_several_metrics_alike_is_said_once(
    factors: tuple[list[float], list[float]], words: str | None
) -> None:
    sides = [saved_run(name, each, cost=None) for name, each in zip("ab", factors, strict=True)]
    lines = comparison_lines(compare(sides, ragmeter_version="0"), width=100, colour=False)
    reasons = [line.strip() for line in lines if line.startswith("      ") and not line.startswith("       ")]
    assert len(reasons) == len(set(reasons))
    assert words is None or sum(words in reason for reason in reasons) == 1
    figures = [line for line in lines if line.startswith(("  TTFT", "  TPOT", "  e2e", "  throughput"))]
    assert len(figures) == 6


def test_colour_marks_the_verdicts_and_changes_no_word(found: Comparison) -> None:
    plain = comparison_lines(found, width=100, colour=False)
    painted = comparison_lines(found, width=100, colour=True)
    assert "\x1b[1;32m" in "".join(painted)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in painted] == plain


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
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


def test_the_page_fits_a_printed_sheet_with_everything_open(
    browser: Browser, found: Comparison, tmp_path: Path
) -> None:
    """A4 at 96 dots an inch is 794 wide."""
    path = tmp_path / "comparison.html"
    path.write_text(comparison_page(found), encoding="utf-8")
    page = browser.new_page(viewport={"width": 794, "height": 1123})
    page.emulate_media(media="print")
    page.goto(path.as_uri(), timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    assert page.locator("text=How each figure is computed").is_visible()
    page.close()
