"""The steps of a sweep on the page and the terminal."""

from dataclasses import replace

import pytest

from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome, SloVerdict, StepVerdict
from ragmeter.core.verdicts.steps import Step
from ragmeter.report.html.scorecard_page import page_html
from ragmeter.report.text.terminal import summary_lines
from tests.report.examples import passing


def step(number: int, rate: float, ttft_ms: float | None) -> Step:
    return Step(
        step=number,
        rate_per_s=rate,
        offered_rate_per_s=rate,
        achieved_rate_per_s=rate,
        requests=80,
        errors=0 if ttft_ms else 80,
        requests_per_s=rate,
        output_tokens_per_s=rate * 100,
        ttft_p50_ms=ttft_ms,
        ttft_p95_ms=None if ttft_ms is None else 2 * ttft_ms,
        tpot_p50_ms=10.0,
        tpot_p95_ms=11.0,
        latency_p50_ms=500.0,
        latency_p95_ms=600.0,
        peak_concurrency=7,
    )


STEPS = (step(0, 5, 120.0), step(1, 10, 150.0), step(2, 20, 900.0), step(3, 40, None))


def test_page_has_a_row_for_each_step_and_a_curve() -> None:
    page = page_html([replace(passing(), steps=STEPS)])
    assert page.count('class="steps p50"') == page.count('class="steps p95"') == 1
    for words in ("Steps of the sweep", "5.00 /s", "40.0 /s", "900 ms", "at 20.0 /s: p50 900 ms, p95 1,800 ms"):
        assert words in page


def judged() -> tuple[RunResult, SloVerdict]:
    """Met at the first two of the four steps."""
    outcomes = (Outcome.PASS, Outcome.PASS, Outcome.FAIL, Outcome.NO_DATA)
    at = tuple(
        StepVerdict(
            step=each.step,
            rate_per_s=each.rate_per_s,
            outcome=outcome,
            sentence=f"chat @ here: at {each.rate_per_s:g} req/s: p50(ttft_ms) …",
            value=each.ttft_p50_ms,
            low=None if each.ttft_p50_ms is None else each.ttft_p50_ms - 10,
            high=None if each.ttft_p50_ms is None else each.ttft_p50_ms + 10,
            n=80,
        )
        for each, outcome in zip(STEPS, outcomes, strict=True)
    )
    made = passing()
    verdict = replace(made.verdicts[0], slo="p50(ttft_ms) <= 500", metric="ttft_ms", outcome=Outcome.FAIL, steps=at)
    return replace(made, steps=STEPS, verdicts=(verdict,)), verdict


def test_page_has_the_outcome_of_each_slo_at_each_step_and_where_they_hold() -> None:
    result, verdict = judged()
    page = page_html([result])
    said = "Every SLO is met up to 10 req/s; not at 20 req/s: p50(ttft_ms) &lt;= 500 (FAIL)."
    for words in (said, "SLOs at each step", "SLOs met up to here", "910 ms, n = 80"):
        assert words in page
    hollow = 'class="mark hollow"'
    unjudged = page_html([replace(result, verdicts=(replace(verdict, steps=()),))])
    assert page.count(hollow) - unjudged.count(hollow) == 2


def test_slo_of_one_step_has_one_cell() -> None:
    result, verdict = judged()
    page = page_html([replace(result, verdicts=(replace(verdict, steps=verdict.steps[1:2]),))])
    assert page.count("not of this step") == 3


@pytest.mark.parametrize("width", [40, 80, 200])
def test_terminal_says_where_the_slos_hold_and_each_outcome(width: int) -> None:
    lines = summary_lines(judged()[0], width=width, colour=False)
    assert all(len(line) <= width for line in lines)
    said = " ".join(" ".join(lines).split())
    assert "sweep every SLO is met up to 10 req/s; not at 20 req/s" in said
    assert "5/s PASS 120 ms, 10/s PASS 150 ms, 20/s FAIL 900 ms, 40/s NO DATA" in said


def test_sweep_without_a_success_has_a_table_and_no_curve() -> None:
    page = page_html(
        [replace(passing(), steps=tuple(replace(each, ttft_p50_ms=None, ttft_p95_ms=None) for each in STEPS))]
    )
    assert "Steps of the sweep" in page
    assert 'class="steps' not in page


def test_run_of_one_step_says_nothing_of_steps() -> None:
    assert "Steps of the sweep" not in page_html([passing()])


@pytest.mark.parametrize("width", [40, 80, 200])
def test_terminal_has_a_line_for_each_step(width: int) -> None:
    lines = summary_lines(replace(passing(), steps=STEPS), width=width, colour=False)
    assert all(len(line) <= width for line in lines)
    assert [line.split()[:2] for line in lines if line.strip().startswith("step ")] == [
        ["step", str(number)] for number in range(1, 5)
    ]
