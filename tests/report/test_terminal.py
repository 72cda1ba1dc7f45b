import re
from dataclasses import replace

import pytest

from ragmeter.core.result.result import RunResult
from ragmeter.report.text.terminal import summary_lines
from tests.report.examples import (
    bare,
    every_state,
    failing,
    hostile,
    invalid,
    no_data,
    passing,
    two_vantages,
    without_success,
)
from tests.report.html.on_top import bounded

WIDTHS = (60, 72, 80, 100, 120, 200)
SGR = re.compile(r"\x1b\[[0-9;]*m")


def shown(result: RunResult, width: int = 120) -> str:
    return "\n".join(summary_lines(result, width=width, colour=False))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("result", every_state().values(), ids=every_state())
def test_no_line_is_wider_than_the_terminal(result: RunResult, width: int) -> None:
    lines = summary_lines(result, width=width, colour=True)
    assert max(len(SGR.sub("", line)) for line in lines) <= width


@pytest.mark.parametrize("result", every_state().values(), ids=every_state())
def test_colour_adds_nothing_but_colour(result: RunResult) -> None:
    plain = summary_lines(result, width=100, colour=False)
    coloured = summary_lines(result, width=100, colour=True)
    assert [SGR.sub("", line) for line in coloured] == plain
    assert not any("\x1b" in line for line in plain)
    assert all(line.count("\x1b[0m") * 2 == line.count("\x1b[") for line in coloured)


def test_the_first_line_says_outcome_workload_and_provider() -> None:
    assert shown(failing()).startswith("FAIL  standard @ akamai-lke\n")
    assert shown(no_data()).startswith("NO DATA  standard @ akamai-lke\n")


@pytest.mark.parametrize("width", WIDTHS)
def test_every_verdict_is_there_with_its_whole_sentence(width: int) -> None:
    words = " ".join(shown(failing(), width).split())
    for verdict in failing().verdicts:
        assert f"{verdict.outcome} {' '.join(verdict.sentence.split())}" in words


def test_figures_come_with_their_intervals() -> None:
    text = shown(failing())
    assert re.search(r"TTFT +p50 1,\d{3} ms \(1,\d{3}\N{EN DASH}1,\d{3}\)", text)
    assert re.search(r"errors 8\.2 % \(6\.1\N{EN DASH}10\.9\)", text)


def test_a_percentile_of_too_few_samples_says_so() -> None:
    assert re.search(r"p95 [\d,]+ ms \(too few samples\)", shown(no_data()))


def test_without_successes_there_are_no_latencies_and_no_zeros() -> None:
    text = shown(without_success())
    assert re.search(r"TTFT +no samples", text)
    assert "p50 0" not in text
    assert "\N{EN DASH} per 1M tokens" in text


def test_an_unfit_client_is_named_before_any_figure() -> None:
    text = shown(invalid())
    assert text.index("the client's CPU was at 97 %") < text.index("TTFT  ")


def test_the_bars_are_as_long_as_their_stages() -> None:
    line = next(line for line in summary_lines(failing(), width=120, colour=False) if "TTFT mean" in line)
    bar = line.split()[2]
    assert len(bar) == 72
    assert bar.count("█") == pytest.approx(72 * 0.665, abs=1)
    assert bar.count("·") == pytest.approx(72 * 0.04, abs=1)


def test_stages_that_exceed_the_whole_still_fit_the_bar() -> None:
    at = passing().attribution
    assert at is not None
    negative = tuple(replace(stage, mean_ms=-5.0) if stage.basis == "remainder" else stage for stage in at.stages)
    result = replace(passing(), attribution=replace(at, stages=negative))
    assert max(map(len, summary_lines(result, width=80, colour=False))) <= 80


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_bounded_is_not_shown_like_what_is_measured(width: int) -> None:
    text = shown(bounded(), width)
    assert max(map(len, text.split("\n"))) <= width
    assert "~" in next(line for line in text.split("\n") if "TTFT mean" in line)
    words = " ".join(text.split())
    assert "85 % of the mean is measured, 4 % known between bounds, the rest inferred" in words
    assert "histograms have 80 requests, of which these 60 are a part" in words
    assert "by the same histograms: LLM queue between 0 ms and 120 ms" in words


def test_recall_cost_and_warnings_are_shown() -> None:
    text = shown(passing())
    assert "recall@5   97 %" in text
    assert "per 1M tokens" in text
    assert "prices of 2026-01-30" in text
    assert "warning: the price sheet is 294 days old" in text


def test_the_least_a_result_can_hold_is_still_a_summary() -> None:
    assert shown(bare()).splitlines()[1] == "  No SLO was declared: nothing was judged."


def test_control_characters_from_outside_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in shown(hostile())


def test_edge_is_told_with_both_sides_and_its_interval() -> None:
    text = " ".join(shown(two_vantages(), 200).split())
    assert "edge the edge (load balancer, ingress, internet) adds 12.1 ms [9.9, 14.3] to p50 TTFT" in text
    assert "TTFT p50 inside 628 ms outside 640 ms +12.1 ms [9.90, 14.3]" in text
    assert "errors inside 0.4 % outside 0.3 % -0.1 % [-0.400, 0.200]" in text
    assert "inside" not in shown(passing())


def test_what_somebody_typed_and_nobody_observed_is_named() -> None:
    (line,) = [line for line in shown(passing()).splitlines() if line.startswith("  declared")]
    assert line == "  declared   region, cluster_label (not observed)"
    assert "declared" not in shown(replace(passing(), metadata_origins={"region": "Kubernetes", "gpu_model": None}))


def test_caveats_stand_above_the_figures_and_a_missing_figure_says_why() -> None:
    held_up = "text came in bursts (90% of the gaps are below 0.2 ms)"
    made = passing()
    odd = replace(
        made,
        caveats=(held_up,),
        unknown={"tpot_ms": "24 of 24 responses have none: reasoning tokens are not told"},
        harness=replace(made.harness, unjudged={"itl_ms": held_up}),
    )
    text = shown(odd)
    assert text.index(f"caveat: {held_up}") < text.index("TTFT")
    assert "24 of 24 responses have none: reasoning tokens are not told" in text
    assert "not judged: text came in bursts\n" in text
