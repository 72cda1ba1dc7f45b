import math
from dataclasses import replace

import pytest

from ragmeter.core.client.harness import Harness
from ragmeter.core.figures.summary import Figures, summarise
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.judge import judge, overall, with_tests
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.core.verdicts.slo import parse_slo
from tests.core.samples import FIT, sample

STARVED = replace(FIT, reasons=("the client used 97% of its core, more than 85%",))


def with_rate(name: str, *, value: float | None, low: float | None, high: float | None, n: int = 200) -> Figures:
    estimate = Estimate(value=value, low=low, high=high, n=n, enough=value is not None)
    return summarise([], Phase.MEASURED).with_rates({name: estimate})


def with_ttfts(count: int, failures: int = 0) -> Figures:
    """TTFT 1, 2, … ``count`` ms."""
    samples: list[RequestSample] = [sample(index=i, ttft_ms=i + 1.0) for i in range(count)]
    return summarise(samples + [sample(error=ErrorClass.TIMEOUT)] * failures, Phase.MEASURED)


def verdict(expression: str, figures: Figures, harness: Harness = FIT) -> SloVerdict:
    return judge(parse_slo(expression, "here"), figures, harness, "smoke @ local")


@pytest.mark.parametrize(
    ("expression", "value", "low", "high", "outcome"),
    [
        ("good_ratio >= 0.9", 0.95, 0.91, 0.97, Outcome.PASS),
        ("good_ratio >= 0.9", 0.95, 0.90, 0.97, Outcome.PASS),
        ("good_ratio > 0.9", 0.95, 0.90, 0.97, Outcome.INCONCLUSIVE),
        ("good_ratio >= 0.9", 0.95, 0.89, 0.97, Outcome.INCONCLUSIVE),
        ("good_ratio >= 0.9", 0.85, 0.80, 0.91, Outcome.INCONCLUSIVE),
        ("good_ratio >= 0.9", 0.85, 0.80, 0.89, Outcome.FAIL),
        ("error_ratio <= 0.1", 0.05, 0.01, 0.1, Outcome.PASS),
        ("error_ratio <= 0.1", 0.05, 0.01, 0.11, Outcome.INCONCLUSIVE),
        ("error_ratio <= 0.1", 0.2, 0.1, 0.3, Outcome.INCONCLUSIVE),
        ("error_ratio < 0.1", 0.2, 0.1, 0.3, Outcome.FAIL),
        ("error_ratio <= 0.1", 0.2, 0.11, 0.3, Outcome.FAIL),
        ("error_ratio <= 0.1", None, None, None, Outcome.NO_DATA),
        ("error_ratio <= 0.1", 0.01, 0.0, None, Outcome.INCONCLUSIVE),
        ("error_ratio <= 0.1", 0.2, None, 0.3, Outcome.INCONCLUSIVE),
        ("output_tokens_per_s >= 100", 100.0, None, None, Outcome.PASS),
        ("output_tokens_per_s >= 100", 99.9, None, None, Outcome.FAIL),
        ("usd_per_1m_tokens <= 0.5", None, None, None, Outcome.NO_DATA),
        ("errors <= 0", 0, None, None, Outcome.PASS),
        ("errors <= 0", 1, None, None, Outcome.FAIL),
    ],
)
def test_a_side_is_taken_only_by_the_whole_interval_or_by_a_value_without_one(
    expression: str, value: float | None, low: float | None, high: float | None, outcome: Outcome
) -> None:
    name = expression.split(maxsplit=1)[0]
    figures = with_rate(name, value=value, low=low, high=high)
    assert verdict(expression, figures).outcome is outcome
    assert verdict(expression, figures, STARVED).outcome is Outcome.INVALID


@pytest.mark.parametrize(
    ("expression", "count", "outcome"),
    [
        ("p95(ttft_ms) <= 1000", 0, Outcome.NO_DATA),
        ("p95(ttft_ms) <= 1000", 129, Outcome.NO_DATA),
        ("p95(ttft_ms) <= 1000", 130, Outcome.PASS),
        ("p95(ttft_ms) <= 190", 200, Outcome.INCONCLUSIVE),
        ("p95(ttft_ms) <= 10", 200, Outcome.FAIL),
        ("p95(ttft_ms) <= 10", 20, Outcome.FAIL),
        ("p95(ttft_ms) <= 18", 20, Outcome.NO_DATA),
        ("p50(ttft_ms) <= 1000", 11, Outcome.PASS),
        ("p50(ttft_ms) <= 1000", 10, Outcome.NO_DATA),
        ("mean(ttft_ms) <= 1000", 9, Outcome.NO_DATA),
        ("mean(ttft_ms) <= 1000", 10, Outcome.PASS),
        ("max(ttft_ms) <= 5", 5, Outcome.PASS),
        ("max(ttft_ms) <= 4.5", 5, Outcome.FAIL),
        ("p50(itl_ms) <= 1000", 9, Outcome.NO_DATA),
        ("p50(itl_ms) <= 1000", 10, Outcome.PASS),
        ("p50(queue_ms) <= 5", 100, Outcome.NO_DATA),
        ("recall_at_k >= 0.5", 100, Outcome.NO_DATA),
    ],
)
def test_a_pass_needs_the_minimum_of_samples_and_a_fail_does_not(expression: str, count: int, outcome: Outcome) -> None:
    assert verdict(expression, with_ttfts(count)).outcome is outcome


def test_failures_fail_the_failure_aware_percentile() -> None:
    result = verdict("p95(adj_ttft_ms) <= 100000", with_ttfts(100, failures=100))
    assert result.outcome is Outcome.FAIL
    assert result.value is None
    assert "p95(adj_ttft_ms) = ∞ > 100000  (95% CI ∞..∞, n=200, 100 failed)" in result.sentence


@pytest.mark.parametrize(
    ("expression", "count", "failures", "sentence"),
    [
        (
            "p95(ttft_ms) <= 150",
            200,
            3,
            "smoke @ local: p95(ttft_ms) = 190 > 150  (95% CI 184..197, n=200, 3 failed)",
        ),
        (
            "p95(ttft_ms) <= 190",
            200,
            0,
            "smoke @ local: p95(ttft_ms) = 190.05 > 190, undecided: 190 lies inside the interval  "
            "(95% CI 184..197, n=200, 0 failed)",
        ),
        (
            "p95(ttft_ms) <= 1500",
            40,
            0,
            "smoke @ local: p95(ttft_ms) = 38.05 <= 1500, n=40 is too small for p95 (needs 130)  "
            "(95% CI 35..∞, n=40, 0 failed)",
        ),
        ("p95(ttft_ms) <= 1500", 0, 3, "smoke @ local: p95(ttft_ms) <= 1500, no data  (3 failed)"),
        ("max(ttft_ms) <= 20", 30, 0, "smoke @ local: max(ttft_ms) = 30 > 20  (n=30, 0 failed)"),
        (
            "p50(itl_ms) <= 20",
            8,
            0,
            "smoke @ local: p50(itl_ms) = 10 <= 20, fewer than 10 requests are too few for p50(itl_ms)  "
            "(95% CI 0..∞, n=16, 0 failed)",
        ),
    ],
)
def test_sentences(expression: str, count: int, failures: int, sentence: str) -> None:
    assert verdict(expression, with_ttfts(count, failures)).sentence == sentence


def test_an_unfit_harness_says_why() -> None:
    sentence = verdict("max(ttft_ms) <= 20", with_ttfts(30), STARVED).sentence
    assert "max(ttft_ms) = 30 > 20, not valid: the client used 97% of its core, more than 85%" in sentence


def test_a_verdict_carries_what_a_program_needs() -> None:
    result = verdict("p95(ttft_ms) <= 150", with_ttfts(200))
    assert (result.slo, result.metric, result.statistic) == ("p95(ttft_ms) <= 150", "ttft_ms", "p95")
    assert (result.operator, result.bound, result.low, result.high, result.n) == ("<=", 150.0, 184.0, 197.0, 200)
    assert result.value == pytest.approx(190.05)
    assert result.origin == "here"


def outcomes(*each: Outcome) -> list[SloVerdict]:
    one = verdict("max(ttft_ms) <= 20", with_ttfts(3))
    return [replace(one, outcome=outcome) for outcome in each]


@pytest.mark.parametrize(
    ("each", "harness", "successes", "expected"),
    [
        ((), FIT, 1, Outcome.NOT_JUDGED),
        ((), FIT, 0, Outcome.NO_DATA),
        ((), STARVED, 1, Outcome.INVALID),
        ((Outcome.PASS,), FIT, 1, Outcome.PASS),
        ((Outcome.PASS, Outcome.INCONCLUSIVE), FIT, 1, Outcome.INCONCLUSIVE),
        ((Outcome.INCONCLUSIVE, Outcome.NO_DATA), FIT, 1, Outcome.NO_DATA),
        ((Outcome.NO_DATA, Outcome.FAIL, Outcome.PASS), FIT, 1, Outcome.FAIL),
        ((Outcome.FAIL, Outcome.INVALID), STARVED, 1, Outcome.INVALID),
        ((Outcome.FAIL,), STARVED, 1, Outcome.INVALID),
        ((Outcome.INVALID, Outcome.FAIL), FIT, 1, Outcome.FAIL),
        ((Outcome.INVALID, Outcome.PASS), FIT, 1, Outcome.INVALID),
        ((Outcome.INVALID, Outcome.NO_DATA, Outcome.INCONCLUSIVE), FIT, 1, Outcome.INVALID),
    ],
)
def test_the_worst_verdict_is_that_of_the_run(
    each: tuple[Outcome, ...], harness: Harness, successes: int, expected: Outcome
) -> None:
    assert overall(outcomes(*each), harness, successes) is expected


@pytest.mark.parametrize(
    ("outcome", "tests", "harness", "expected"),
    [
        (Outcome.PASS, (), FIT, Outcome.PASS),
        (Outcome.PASS, (Outcome.FAIL,), FIT, Outcome.FAIL),
        (Outcome.INVALID, (Outcome.FAIL,), FIT, Outcome.FAIL),
        (Outcome.FAIL, (Outcome.INVALID,), FIT, Outcome.FAIL),
        (Outcome.PASS, (Outcome.INVALID,), FIT, Outcome.INVALID),
        (Outcome.INVALID, (Outcome.FAIL,), STARVED, Outcome.INVALID),
    ],
)
def test_a_failed_test_is_a_failure_of_the_run_unless_the_client_was_not_fit(
    outcome: Outcome, tests: tuple[Outcome, ...], harness: Harness, expected: Outcome
) -> None:
    assert with_tests(outcome, tests, harness) is expected


def test_infinite_ends_are_unbounded_in_both_directions() -> None:
    open_above = with_rate("error_ratio", value=0.2, low=0.15, high=math.inf)
    assert verdict("error_ratio <= 0.1", open_above).outcome is Outcome.FAIL
    assert verdict("error_ratio <= 0.18", open_above).outcome is Outcome.INCONCLUSIVE


def with_trials(count: int, requests: int = 40) -> Figures:
    """Trials whose TTFT runs from 1 ms to ``requests`` ms."""
    samples = [
        sample(index=i, trial=trial, at_ms=i, ttft_ms=i + 1.0) for trial in range(count) for i in range(requests)
    ]
    return summarise(samples, Phase.MEASURED)


@pytest.mark.parametrize(
    ("trials", "outcome", "words"),
    [
        (1, Outcome.PASS, "n=40"),
        (2, Outcome.NO_DATA, "2 trials are too few for an interval (needs 3)"),
        (3, Outcome.INCONCLUSIVE, "3 trials are too few to conclude (needs 5)"),
        (5, Outcome.PASS, "5 trials, n=200"),
    ],
)
def test_of_several_trials_five_are_needed_to_pass(trials: int, outcome: Outcome, words: str) -> None:
    judged = verdict("p50(ttft_ms) <= 100", with_trials(trials))
    assert judged.outcome is outcome
    assert words in judged.sentence


@pytest.mark.parametrize(("trials", "outcome"), [(1, Outcome.FAIL), (3, Outcome.FAIL), (5, Outcome.FAIL)])
def test_three_trials_are_enough_to_fail(trials: int, outcome: Outcome) -> None:
    assert verdict("p50(ttft_ms) <= 10", with_trials(trials)).outcome is outcome


def test_throughput_of_several_trials_is_judged_by_its_interval() -> None:
    figures = with_trials(5).with_rates(
        {"output_tokens_per_s": Estimate(value=110, low=95, high=125, n=200, enough=True)}
    )
    judged = verdict("output_tokens_per_s >= 100", figures)
    assert judged.outcome is Outcome.INCONCLUSIVE
    assert "95% CI 95..125" in judged.sentence
