import re
from collections import Counter
from dataclasses import replace

import pytest

from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.slowest import SHOWN
from ragmeter.core.figures.summary import Point
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.html.scorecard_page import page_html, scorecard_html
from tests.report.examples import (
    HOSTILE,
    bare,
    every_state,
    failing,
    hostile,
    inconclusive,
    interrupted,
    invalid,
    no_data,
    passing,
    second_provider,
    tiny,
    without_success,
)
from tests.report.pages import Element, page_of, parsed

EVERY_STATE = pytest.mark.parametrize("result", every_state().values(), ids=every_state())


def section(page: Element, title: str) -> Element:
    """The panel with this heading."""
    found = [
        panel
        for panel in page.of_class("panel")
        if any(heading.text() == title for heading in (*panel.all("h2"), *panel.all("h3"), *panel.all("summary")))
    ]
    assert len(found) == 1, f"{len(found)} panels are called {title!r}"
    return found[0]


@EVERY_STATE
def test_nothing_is_loaded_and_nothing_is_run(result: RunResult) -> None:
    page = page_of(result, second_provider())
    for element in page.all():
        assert element.tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "image", "use"}
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            assert name not in {"src", "srcset", "xlink:href", "style"}
            assert name != "href" or value.startswith(("#", "https://tracer.example/trace/"))
    styles = "".join(style.text() for style in page.all("style"))
    assert "url(" not in styles
    assert "@import" not in styles


@EVERY_STATE
def test_every_table_has_a_caption_and_every_drawing_a_title_and_description(result: RunResult) -> None:
    page = page_of(result, second_provider())
    identifiers = Counter(element.attributes["id"] for element in page.all() if "id" in element.attributes)
    assert set(identifiers.values()) <= {1}
    for table in page.all("table"):
        assert table.all("caption")[0].text()
        assert all("scope" in header.attributes for header in table.all("th"))
    for drawing in (found for found in page.all("svg") if found.attributes.get("role") == "img"):
        assert identifiers[drawing.attributes["aria-labelledby"]] == 1
        assert identifiers[drawing.attributes["aria-describedby"]] == 1
        assert drawing.all("title")[0].text()
        assert drawing.all("desc")[0].text()


def test_the_fragment_is_one_namespaced_block_beside_its_styles() -> None:
    top = parsed(scorecard_html([passing()])).children
    tags = [child.tag for child in top if isinstance(child, Element)]
    assert tags == ["meta", "style", "style", "div"]
    assert isinstance(top[-1], Element)
    assert top[-1].attributes["class"] == "ragmeter"


def test_page_and_fragment_hold_the_same_scorecard() -> None:
    results = [failing(), second_provider()]
    (in_page,), (in_fragment,) = (
        parsed(markup).of_class("ragmeter") for markup in (page_html(results), scorecard_html(results))
    )
    assert in_page == in_fragment


def test_hostile_text_stays_text_wherever_it_stands() -> None:
    markup = page_html([hostile(), second_provider()])
    assert "<script" not in markup.lower()
    assert "\x1b" not in markup
    shown = HOSTILE.replace("\x1b", "\N{REPLACEMENT CHARACTER}")
    assert page_of(hostile()).text().count(shown) > 40


@EVERY_STATE
def test_outcome_and_every_verdict_are_said_in_words(result: RunResult) -> None:
    page = page_of(result)
    headline, *_ = page.of_class("headline")
    assert result.outcome.value.replace("_", " ") in headline.of_class("badge")[0].text()
    shown = " ".join(page.text().split())
    for verdict in result.verdicts:
        assert " ".join(verdict.sentence.replace("\x1b", "\N{REPLACEMENT CHARACTER}").split()) in shown


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (passing(), "All 4 SLOs are met."),
        (inconclusive(), "1 of 4 SLOs undecided: TTFT p95 is 1,467 ms"),
        (no_data(), "1 of 4 SLOs without enough data: p95(ttft_ms) <= 1500: too few samples to judge (n=40)."),
        (
            invalid(),
            "so no figure here judges the service: the client's CPU was at 97 %, above 85 % (and 2 more below).",
        ),
        (bare(), "No SLO was declared: nothing was judged."),
        (failing(), "4 of 4 SLOs missed: TTFT p95 is 2,598 ms ("),
    ],
)
def test_the_headline_says_why_in_one_sentence(result: RunResult, reason: str) -> None:
    assert reason in page_of(result).of_class("reason")[0].text()


def test_the_verdict_table_has_value_interval_bound_n_and_origin() -> None:
    first = section(page_of(failing()), "Service level objectives").all("tbody")[0].all("tr")[0]
    cells = [cell.text() for cell in first.all() if cell.tag in ("th", "td")]
    assert cells[0] == "✕FAIL"
    assert cells[2].startswith("2,598 ms2,375\N{EN DASH}2,822 ms")
    assert "bound ≤ 1,500 ms" in cells[3]
    assert cells[4:] == ["459", "workloads/standard.yaml"]


def test_an_interrupted_run_that_met_its_slos_says_why_it_is_no_pass() -> None:
    result = replace(passing(), status="interrupted", outcome=Outcome.INCONCLUSIVE)
    words = "All 4 SLOs are met, but the run was interrupted: half of a run can fail and cannot pass."
    assert page_of(result).of_class("reason")[0].text() == words


def test_a_sentence_does_not_repeat_the_run_that_its_section_is_about() -> None:
    base = failing()
    named = tuple(replace(at, sentence=f"standard @ akamai-lke: {at.sentence}") for at in base.verdicts)
    assert page_of(replace(base, verdicts=named)) == page_of(base)


def test_a_warning_about_prices_stands_with_the_cost_only() -> None:
    price = "the price sheet is 294 days old"
    page = page_of(replace(passing(), warnings=(price, "the index was rebuilt")))
    assert page.text().count(price) == 1
    assert "the index was rebuilt" in page.of_class("headline")[0].text()


@pytest.mark.parametrize("state", ["pass", "no_data", "without_success"])
def test_each_tile_has_a_figure_with_its_interval_or_says_why_not(state: str) -> None:
    result = every_state()[state]
    tiles = page_of(result).of_class("tile")
    assert len(tiles) == 8
    for tile in tiles:
        assert re.search(r"n = \d+", tile.text())
        assert re.search(r"\d\N{EN DASH}\d|too few samples|no samples", tile.text())


def test_too_few_samples_are_named_at_each_percentile_they_concern() -> None:
    ttft = page_of(no_data()).of_class("tile")[0]
    rows = [row.text() for row in ttft.all("tr")]
    assert "too few samples" not in rows[0]
    assert rows[1].endswith("too few samples")
    assert rows[2].endswith("too few samples")


def test_bars_of_a_histogram_count_every_success() -> None:
    page = page_of(failing())
    drawing = next(
        found for found in page.all("svg") if found.attributes.get("aria-labelledby") == "ragmeter-1-ttft_ms-t"
    )
    hints = [bar.all("title")[0].text() for bar in drawing.of_class("bar")]
    assert sum(int(hint.rpartition(": ")[2]) for hint in hints) == failing().success


def test_each_failure_is_a_stroke_in_the_plot_over_time() -> None:
    panel = section(page_of(failing()), "Time to first token over time")
    (strokes,) = panel.of_class("failure")
    at_different_times = strokes.attributes["d"].count("M")
    assert 0 < at_different_times <= failing().errors
    assert "41 failed" in panel.text()


def test_the_slowest_requests_are_ringed_where_they_lie_in_time() -> None:
    result = failing()
    panel = section(page_of(replace(result, points=result.points[::7])), "Time to first token over time")
    rings = [ring.all("title")[0].text() for ring in panel.of_class("ring")]
    assert len(rings) == SHOWN
    assert rings[0] == "no. 306: 4,477 ms"


def test_each_of_the_slowest_requests_has_a_row_with_its_largest_stage_and_its_error() -> None:
    result = failing()
    table = section(page_of(result), "Slowest requests").all("tbody")[0]
    rows = [row.text() for row in table.all("tr")]
    assert len(rows) == len(result.slowest)
    assert "no. 306trial 1, prompt 0125 s4,477 msrank 112,732 ms237 out731 in" in rows[0]
    assert "LLM (queue and prefill) 3,805 ms, 85 % of the wait" in rows[0]
    assert "30,000 msrank 1" in rows[SHOWN]
    assert "http status: No token came" in rows[SHOWN]


def test_a_bar_of_a_slow_request_is_as_long_as_its_parts() -> None:
    panel = section(page_of(failing()), "Slowest requests")
    for drawing, slow in zip(panel.all("svg"), failing().slowest, strict=True):
        boxes = drawing.all("rect")
        widths = [float(box.attributes["width"].rstrip("%")) for box in boxes]
        assert sum(widths) == pytest.approx(slow.elapsed_ms / 30_000 * 100, abs=0.1)
        assert [box.attributes["class"] for box in boxes].count("chief") == 1


def test_a_trace_is_linked_where_the_provider_file_says_how_and_can_be_copied() -> None:
    panel = section(page_of(failing()), "Slowest requests")
    links, traced = panel.all("a"), [slow for slow in failing().slowest if slow.trace_id]
    assert [link.attributes["href"] for link in links] == [slow.trace_url for slow in traced]
    assert [link.text() for link in links] == [slow.trace_id for slow in traced]
    assert {link.attributes["rel"] for link in links} == {"noopener noreferrer"}
    assert "12 of the 20 name their trace" in panel.text()


def test_without_traces_there_is_no_column_for_them() -> None:
    panel = section(page_of(passing()), "Slowest requests")
    assert "Trace" not in [head.text() for head in panel.all("thead")[0].all("th")]
    assert "none of them names a trace" in panel.text()


def test_an_address_that_is_none_of_the_web_is_no_link() -> None:
    assert section(page_of(hostile()), "Slowest requests").all("a") == []


def test_the_waterfall_adds_up_and_marks_what_was_not_measured() -> None:
    result = failing()
    panel = section(page_of(result), "TTFT breakdown")
    bars = panel.of_class("stage")
    mean = bars[: len(bars) // 2]
    widths = [float(bar.attributes["width"].rstrip("%")) for bar in mean]
    assert sum(widths) == pytest.approx(100, abs=0.5)
    starts = [float(bar.attributes["x"].rstrip("%")) for bar in mean]
    assert starts == sorted(starts)
    assert panel.text().count("what remains") == 2
    assert panel.text().count("100 %") == 2
    assert "1,426 ms" in panel.text()
    assert "3,158 ms" in panel.text()


def test_a_remainder_below_zero_is_shown_as_it_is_and_stays_inside_the_drawing() -> None:
    result = failing()
    assert result.attribution is not None
    *first, last = result.attribution.stages
    taken = -0.05 * result.attribution.ttft_mean_ms
    first[-1] = replace(first[-1], mean_ms=first[-1].mean_ms + last.mean_ms - taken)
    stages = (*first, replace(last, mean_ms=taken, share_ratio=-0.05))
    panel = section(
        page_of(replace(result, attribution=replace(result.attribution, stages=stages, tail=None))),
        "TTFT breakdown",
    )
    assert "-71.3 ms-5 %" in panel.text()
    for bar in panel.of_class("stage"):
        start, width = (float(bar.attributes[name].rstrip("%")) for name in ("x", "width"))
        assert 0 <= start <= start + width <= 100.5


def test_a_plot_of_some_of_the_requests_says_of_how_many() -> None:
    result = passing()
    page = page_of(replace(result, points=result.points[::2]))
    assert "drawn of 500 requests" in section(page, "Time to first token over time").text()
    drawn = sum(point.error is None for point in result.points[::2])
    assert f"n = 497, {drawn} of them drawn" in section(page, "Distributions").text()


def test_cost_names_its_prices_and_parts() -> None:
    text = section(page_of(passing()), "Cost").text()
    for words in ("as of 2026-01-30", "linode.com", "gpu nodes", "$0.5200", "the price sheet is 294 days old"):
        assert words in text


def test_an_unfit_client_is_said_at_the_top_and_in_its_panel() -> None:
    page = page_of(invalid())
    for place in (page.of_class("headline")[0], section(page, "The measuring client")):
        for reason in invalid().harness.reasons:
            assert reason in place.text()
    assert "17.3 /s (-13.5 %)" in section(page, "The measuring client").text()


def test_metadata_names_the_origin_of_each_value_and_what_nobody_knows() -> None:
    rows = {
        row.all("th")[0].text(): [cell.text() for cell in row.all("td")]
        for row in section(page_of(passing()), "Metadata").all("tbody")[0].all("tr")
    }
    assert rows["gpu_model"] == ["NVIDIA RTX 4000 Ada Generation", "Kubernetes"]
    assert rows["region"] == ["us-orddeclared", "declared in fixtures/providers/akamai-lke.yaml"]
    assert rows["quantization"] == ["not known", "\N{EN DASH}"]


def test_overrides_formulas_and_recall_are_shown() -> None:
    page = page_of(passing())
    assert (
        "benchmark.requests100500option --bench-requests" in section(page, "Values that replaced the manifest's").text()
    )
    assert "t_F - t_send" in section(page, "Definitions, version 1").text()
    assert "recall@597 %" in section(page, "Retrieval quality under load").text()


def test_an_interrupted_run_says_so_in_the_headline() -> None:
    text = page_of(interrupted()).of_class("headline")[0].text()
    assert "interrupted: the figures are of the part that ran" in text
    assert "the run was interrupted after 160 measured requests (Ctrl-C)" in text


def test_a_short_run_is_labelled_smoke_and_a_long_one_is_not() -> None:
    assert "smoke" in page_of(passing()).of_class("facts")[1].text()
    assert "smoke" not in page_of(replace(passing(), duration_seconds=600.0)).of_class("facts")[0].text()


def test_without_successes_nothing_reads_as_zero_latency() -> None:
    text = page_of(without_success()).text()
    assert "no samples" in text
    assert " 0 ms" not in text


def test_several_runs_are_tabled_with_intervals_and_without_a_ranking() -> None:
    panel = section(page_of(failing(), second_provider()), "Runs in this report")
    rows = panel.all("tbody")[0].all("tr")
    assert [row.all("a")[0].attributes["href"] for row in rows] == ["#ragmeter-1", "#ragmeter-2"]
    assert rows[0].text().count("\N{EN DASH}") >= 7
    assert not re.search(r"fast(er|est)|best|win|better", panel.text())


def test_several_runs_show_in_what_they_differ() -> None:
    panel = section(page_of(failing(), second_provider()), "Runs in this report")
    differing = [row.all("th")[0].text() for row in panel.all("tbody")[1].all("tr")]
    assert differing == ["region", "cluster_label", "node_instance_type", "gpu_model"]


def test_one_run_has_no_comparison_and_no_run_has_a_sentence() -> None:
    assert not page_of(passing()).of_class("comparison")
    assert "No run was measured." in page_of().text()


def _with_ttft(values: list[float]) -> RunResult:
    base = passing()
    drawn = tuple(
        Point(t_s=float(at), ttft_ms=value, e2e_ms=None, tpot_ms=None, error=None) for at, value in enumerate(values)
    )
    flat = base.estimates["ttft_ms"]
    return replace(base, points=drawn, estimates={"ttft_ms": _of_one_value(flat, values[0])})


def _of_one_value(like: Distribution, value: float) -> Distribution:
    at = replace(like.p50, value=value, low=value, high=value)
    return replace(like, mean=at, p50=at, p90=at, p95=at, p99=at, min=value, max=value)


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0], [0.0], [0.001, 90_000.0], [1e-9, 1e9]])
def test_odd_distributions_can_be_drawn(values: list[float]) -> None:
    assert section(page_of(_with_ttft(values)), "Distributions").all("svg")


def test_an_interval_without_an_end_is_drawn_to_the_edge_and_said() -> None:
    base = failing()
    open_ended = tuple(replace(verdict, high=None, outcome=Outcome.FAIL) for verdict in base.verdicts)
    panel = section(page_of(replace(base, verdicts=open_ended)), "Service level objectives")
    assert "≥ 2,375 ms, no upper bound" in panel.text()
    assert panel.of_class("open")[0].attributes["x2"] == "100.00%"


def test_a_figure_without_an_interval_has_a_dot_and_no_line() -> None:
    panel = section(page_of(tiny()), "Service level objectives")
    assert len(panel.of_class("mark")) == 4
    assert not panel.of_class("whisker")
    assert [shown.text() for shown in panel.of_class("stacked")][2] == "0 %no interval"


def test_caveats_stand_in_the_headline_and_a_missing_figure_says_why_in_its_tile() -> None:
    odd = replace(passing(), caveats=("text came in bursts",), unknown={"tpot_ms": "reasoning tokens are not told"})
    page = page_html([odd])
    assert "text came in bursts" in page
    assert page.count("reasoning tokens are not told") == 1
