from dataclasses import replace

import pytest

from ragmeter.report.text.progress import Progress, plain_line, progress_line

RUNNING = Progress(
    phase="measured",
    done=120,
    total=500,
    in_flight=10,
    requests_per_s=2.4,
    ttft_p50_ms=640.0,
    ttft_p95_ms=1290.0,
    errors=2,
    elapsed_s=51.2,
)


@pytest.mark.parametrize("width", range(1, 200))
def test_the_line_never_exceeds_the_width(width: int) -> None:
    assert len(progress_line(RUNNING, width=width)) <= width


def test_a_wide_line_has_every_part() -> None:
    line = progress_line(RUNNING, width=140)
    for part in (
        "measured 120/500",
        "2 errors",
        "TTFT p50 640 ms p95 1,290 ms",
        "2.40 req/s",
        "10 in flight",
        "51.2 s",
    ):
        assert part in line


def test_a_narrow_line_keeps_count_and_errors() -> None:
    assert progress_line(RUNNING, width=30) == "measured 120/500  2 errors"


def test_the_bar_is_as_full_as_the_phase() -> None:
    assert progress_line(RUNNING, width=140).count("█") == 4
    assert progress_line(replace(RUNNING, done=500), width=140).count("█") == 20
    assert progress_line(replace(RUNNING, done=501), width=140).count("█") == 20


def test_a_phase_that_ends_by_time_has_no_bar_and_no_total() -> None:
    assert progress_line(replace(RUNNING, total=None), width=140).startswith("measured 120  ")


def test_a_phase_without_answers_yet_has_dashes_and_not_zeros() -> None:
    start = replace(RUNNING, done=0, requests_per_s=None, ttft_p50_ms=None, ttft_p95_ms=None, errors=0)
    dash = "\N{EN DASH}"
    assert f"TTFT p50 {dash} p95 {dash}" in plain_line(start)
    assert f"{dash} req/s" in plain_line(start)


def test_the_line_for_a_log_is_one_line_without_a_bar() -> None:
    assert plain_line(RUNNING) == (
        "measured 120/500, 2 errors, TTFT p50 640 ms p95 1,290 ms, 2.40 req/s, 10 in flight, 51.2 s"
    )
