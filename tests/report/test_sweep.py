"""The steps of a sweep on the page and the terminal."""

from dataclasses import replace

import pytest

from ragmeter.core.result import Step
from ragmeter.report.html import page_html
from ragmeter.report.terminal import summary_lines
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
