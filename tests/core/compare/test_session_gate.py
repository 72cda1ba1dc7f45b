"""The verdict of the baseline gate, by saved sessions."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ragmeter.core.compare.compare import compare_measured
from ragmeter.core.compare.regression import BASELINE, NOW, Regression
from ragmeter.core.compare.session_gate import session_regressions
from ragmeter.core.compare.sides import measure
from ragmeter.core.requests.figure import Figure
from ragmeter.core.requests.records import ErrorClass
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.verdicts.records import Outcome
from tests.saved import saved_run

P50, SPEED = Figure("ttft_ms", "p50"), Figure("output_tokens_per_s")


def run(level: float, seed: int, requests: int = 40) -> SavedRun:
    return saved_run("here", [level] * 5, seed=seed, requests=requests)


def failing(saved: SavedRun) -> SavedRun:
    half = tuple(replace(at, error=ErrorClass.TIMEOUT) if at.index % 2 else at for at in saved.samples)
    return replace(saved, samples=half)


def judged(then: Sequence[SavedRun], now: SavedRun, key: Figure = P50, min_effect: float = 0.3) -> Regression:
    saved, mine = [measure(each, BASELINE) for each in then], measure(now, NOW)
    found = compare_measured([saved[0], mine], min_effect_ratio=min_effect, ragmeter_version="0")
    return session_regressions(found, saved, mine, [key], "tiny @ here")[key]


def sessions(*levels: float) -> list[SavedRun]:
    return [run(level, seed) for seed, level in enumerate(levels, start=1)]


@pytest.mark.parametrize(
    ("levels", "now", "outcome", "words"),
    [
        ((1.0, 1.01, 0.99), 1.0, Outcome.PASS, "no regression by 30 % or more; 3 saved sessions"),
        ((1.0, 1.01, 0.99), 1.5, Outcome.FAIL, "a regression by more than 30 % (p ="),
        ((1.0, 1.01, 0.99), 0.6, Outcome.PASS, "no regression"),
        ((1.0, 1.3, 0.8), 1.3, Outcome.INCONCLUSIVE, "a regression by more than 30 % is not excluded"),
        ((1.0, 1.01), 1.0, Outcome.INCONCLUSIVE, "with fewer than 3 saved sessions their own spread is not known"),
        ((1.0,), 1.0, Outcome.INCONCLUSIVE, "; 1 saved session"),
        ((1.0,), 1.3, Outcome.INCONCLUSIVE, "a change of up to 7"),
        ((1.0,), 2.5, Outcome.FAIL, "a regression by more than 30 %"),
    ],
)
def test_the_spread_of_the_sessions_decides(
    levels: tuple[float, ...], now: float, outcome: Outcome, words: str
) -> None:
    found = judged(sessions(*levels), run(now, 9))
    assert found.outcome is outcome, found.sentence
    assert words in found.sentence
    assert found.metric.ratio.n == len(levels)


def test_of_a_throughput_less_is_worse() -> None:
    assert judged(sessions(1.0, 1.01, 0.99), run(3.0, 9), SPEED).outcome is Outcome.FAIL
    assert judged(sessions(1.0, 1.01, 0.99), run(0.4, 9), SPEED).outcome is Outcome.PASS


def test_a_saved_session_that_spent_its_error_budget_is_left_out() -> None:
    healthy = sessions(1.0, 1.01, 0.99)
    found = judged([*healthy, failing(run(0.2, 8))], run(1.0, 9))
    assert (found.outcome, found.metric.ratio.n) == (Outcome.PASS, 3)


def test_a_present_run_that_spent_it_is_not_judged() -> None:
    found = judged(sessions(1.0, 1.01, 0.99), failing(run(1.0, 9)))
    assert found.outcome is Outcome.NO_DATA
    assert "not judged by the answers that came: now:" in found.sentence


def test_a_statistic_of_too_few_requests_passes_nothing() -> None:
    few = [run(1.0, seed, requests=4) for seed in (1, 2, 3)]
    found = judged(few, run(1.0, 9, requests=4), Figure("ttft_ms", "p95"), min_effect=0.9)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "too few requests in a trial" in found.sentence
