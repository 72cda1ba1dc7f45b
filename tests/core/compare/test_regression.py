from collections.abc import Sequence
from typing import Any

import pytest

from ragmeter.core.compare.compare import compare_measured
from ragmeter.core.compare.regression import BASELINE, NOW, Regression, regressions
from ragmeter.core.compare.sides import measure
from ragmeter.core.requests.figure import Figure
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.verdicts.records import Outcome
from tests.saved import by_deltas, saved_run

P50 = Figure("ttft_ms", "p50")
THROUGHPUT = Figure("output_tokens_per_s")
STEADY = (1.0, 1.01, 0.99, 1.0, 1.005, 0.995)


def judged(then: SavedRun, now: SavedRun, key: Figure = P50, min_effect: float = 0.05) -> Regression:
    found = compare_measured(
        [measure(then, BASELINE), measure(now, NOW)], min_effect_ratio=min_effect, ragmeter_version="0"
    )
    return regressions(found, [key], "tiny @ mine")[key]


def run(factors: Sequence[float], seed: int = 1, **fields: Any) -> SavedRun:
    return saved_run("mine", factors, seed=seed, requests=400, **fields)


def times(factor: float, factors: Sequence[float] = STEADY) -> list[float]:
    return [factor * each for each in factors]


@pytest.mark.parametrize(
    ("now", "key", "outcome", "words"),
    [
        (times(1.2), P50, Outcome.FAIL, "a regression by more than 5 %"),
        (times(1.2), THROUGHPUT, Outcome.FAIL, "a regression by more than 5 %"),
        (times(0.8), P50, Outcome.PASS, "no regression by 5 % or more"),
        (times(0.8), THROUGHPUT, Outcome.PASS, "no regression by 5 % or more"),
        (times(1.0), P50, Outcome.PASS, "no regression by 5 % or more"),
        (times(1.05, (0.8, 1.2, 1.0, 0.9, 1.1)), P50, Outcome.INCONCLUSIVE, "more trials needed: a regression by more"),
        (times(1.2)[:3], P50, Outcome.INCONCLUSIVE, "3 trials are too few to conclude"),
        (times(1.2)[:1], P50, Outcome.INCONCLUSIVE, "1 trial cannot tell a difference"),
    ],
)
def test_a_figure_is_judged_with_its_interval(now: list[float], key: Figure, outcome: Outcome, words: str) -> None:
    found = judged(run(STEADY), run(now), key)
    assert found.outcome is outcome, found
    assert words in found.sentence


def test_the_sentence_names_the_figure_the_change_and_its_interval() -> None:
    sentence = judged(run(STEADY), run(times(1.2), seed=2)).sentence
    assert sentence.startswith("tiny @ mine: p50(ttft_ms) against the baseline: ")
    assert "% higher [95 % CI " in sentence


def test_a_significant_change_that_is_too_small_to_matter_passes() -> None:
    found = judged(run(STEADY), run(times(1.1), seed=2), min_effect=0.3)
    assert found.outcome is Outcome.PASS
    assert "% higher" in found.sentence


def test_a_significant_change_that_may_matter_is_not_decided() -> None:
    """Its value is below what matters and its interval reaches beyond it."""
    found = judged(run(STEADY), run(times(1.06, (0.97, 1.03, 1.0, 1.04, 0.96))), min_effect=0.08)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "a regression by more than 8 % is not excluded" in found.sentence


def test_a_run_whose_client_was_not_fit_judges_nothing() -> None:
    busy = run(times(1.2), seed=2)
    late = SavedRun(
        path=busy.path,
        plan=busy.plan,
        samples=busy.samples,
        ending=RunEnding(status="complete", client_cpu_ratio=0.99),
    )
    found = judged(run(STEADY), late)
    assert found.outcome is Outcome.INVALID
    assert "of its core" in found.sentence


def test_a_metric_without_a_figure_is_no_pass() -> None:
    found = judged(run(STEADY, cost=None), run(STEADY, cost=None), Figure("usd_per_1m_tokens"))
    assert found.outcome is Outcome.NO_DATA


@pytest.mark.parametrize("key", [P50, THROUGHPUT])
def test_a_baseline_whose_tokens_were_counted_otherwise_is_no_baseline(key: Figure) -> None:
    found = judged(run(STEADY), by_deltas(run(STEADY)), key)
    assert found.outcome is Outcome.INVALID
    assert "token_source was 'usage' and is 'deltas'" in found.sentence
