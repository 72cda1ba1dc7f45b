import json
import math
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.figures.counts import is_good
from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.summary import Figures, finite_distribution, points_of, summarise
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from tests.core.samples import ns, sample


def run_of(count: int, **fields: object) -> list[RequestSample]:
    """Requests one second apart: TTFT 100, 101, … ms, two gaps of 10 ms, three tokens."""
    return [
        sample(**{"index": i, "at_ms": 1000.0 * i, "ttft_ms": 100.0 + i, **fields})  # type: ignore[arg-type]
        for i in range(count)
    ]


def measured(samples: list[RequestSample], **goodput: float) -> Figures:
    return summarise(samples, Phase.MEASURED, goodput=goodput)


def test_figures_of_a_phase_made_by_hand() -> None:
    figures = measured(run_of(11))
    phase = figures.phase
    assert (phase.requests, phase.success, phase.errors) == (11, 11, 0)
    assert phase.duration_seconds == pytest.approx(10.130)
    assert (phase.ttft_p50_ms, phase.ttft_p95_ms) == (105.0, 109.5)
    assert (phase.latency_p50_ms, phase.latency_p95_ms) == (125.0, 129.5)
    assert (phase.tpot_p50_ms, phase.tpot_p95_ms) == (10.0, 10.0)
    assert phase.avg_tokens_per_sec == pytest.approx(sum(3e3 / (120 + i) for i in range(11)) / 11)
    assert (phase.total_tokens, phase.avg_output_tokens) == (33, 3.0)
    assert (phase.total_prompt_tokens, phase.avg_prompt_tokens) == (550, 50.0)
    assert phase.output_tokens_per_s == pytest.approx(33 / 10.130)
    assert phase.requests_per_s == pytest.approx(11 / 10.130)


def test_nothing_measured_is_unknown_and_not_zero() -> None:
    figures = measured([])
    unknown = [value for name, value in asdict(figures.phase).items() if name not in {"requests", "success", "errors"}]
    assert unknown == [None] * len(unknown)
    assert {estimate.value for estimate in figures.rates.values()} == {None}
    assert all(distribution.n == 0 for distribution in figures.distributions().values())
    assert points_of([], most=10) == ()


def test_warm_up_does_not_leak_into_the_measured_phase() -> None:
    cold = run_of(5, ttft_ms=9999.0, phase=Phase.WARMUP)
    warm = run_of(20)
    assert measured(cold + warm).phase == measured(warm).phase
    assert summarise(cold + warm, Phase.WARMUP).phase.ttft_p50_ms == 9999.0


def test_latencies_are_of_successes_and_failures_are_counted() -> None:
    failed = [sample(index=9, ttft_ms=5000, error=error) for error in (ErrorClass.TIMEOUT, ErrorClass.EMPTY)]
    figures = measured(run_of(8) + failed)
    assert figures.series["ttft_ms"].values.max() == 107.0
    assert figures.errors_by_class == {"timeout": 1, "empty": 1}
    assert figures.rates["error_ratio"].value == 0.2
    assert figures.rates["errors"].value == 2
    assert figures.rates["success"].value == 8
    assert figures.phase.total_tokens == 24


def test_failures_push_the_failure_aware_percentiles_to_infinity() -> None:
    figures = measured(run_of(90) + [sample(error=ErrorClass.TIMEOUT)] * 10)
    p50, p95 = figures.estimate("adj_ttft_ms", "p50"), figures.estimate("adj_ttft_ms", "p95")
    assert p50 is not None
    assert p95 is not None
    assert p50.value == 149.5
    assert p95.value == math.inf
    assert p95.n == 100


def test_interrupted_requests_are_neither_successes_nor_failures() -> None:
    figures = measured(run_of(8) + [sample(error=ErrorClass.INTERRUPTED)] * 2)
    assert (figures.phase.requests, figures.phase.success, figures.phase.errors) == (10, 8, 0)
    assert figures.interrupted == 2
    assert figures.rates["error_ratio"].n == 8
    assert figures.rates["good_ratio"].value == 1.0
    assert figures.series["adj_ttft_ms"].values.size == 8
    assert figures.warnings == ("2 requests ended by the client's own doing: neither successes nor errors",)


def test_good_ratio_divides_by_all_that_were_sent() -> None:
    figures = measured(run_of(8) + [sample(error=ErrorClass.TIMEOUT)] * 8, ttft_ms=103.0)
    assert figures.good == 4
    assert figures.rates["good_ratio"].value == 4 / 16
    goodput, speed = figures.rates["goodput_rps"].value, figures.rates["requests_per_s"].value
    assert goodput is not None
    assert speed is not None
    assert goodput == pytest.approx(speed / 2)


@pytest.mark.parametrize(
    ("one", "bounds", "good"),
    [
        (sample(ttft_ms=100), {}, True),
        (sample(ttft_ms=100), {"ttft_ms": 100.0}, True),
        (sample(ttft_ms=100), {"ttft_ms": 99.9}, False),
        (sample(ttft_ms=100), {"ttft_ms": 100.0, "tpot_ms": 9.0}, False),
        (sample(ttft_ms=100), {"tokens_per_s": 100.0}, True),
        (sample(ttft_ms=100), {"tokens_per_s": 101.0}, False),
        (sample(output_tokens=None), {"tpot_ms": 1000.0}, False),
        (sample(error=ErrorClass.TRUNCATED), {}, False),
    ],
    ids=["no bounds", "met", "missed", "one missed", "higher met", "higher missed", "unknown", "failed"],
)
def test_a_good_request_succeeds_and_meets_every_bound(
    one: RequestSample, bounds: dict[str, float], good: bool
) -> None:
    assert is_good(one, bounds) is good


def test_one_unknown_token_count_makes_the_totals_unknown_and_says_so() -> None:
    figures = measured([*run_of(9), sample(output_tokens=None)])
    assert figures.phase.total_tokens is None
    assert figures.phase.output_tokens_per_s is None
    assert figures.phase.avg_output_tokens == 3.0
    assert figures.series["output_tokens"].values.size == 9
    assert figures.warnings == (
        "1 of 10 successes came without output_tokens: total_tokens, throughput and cost per token are unknown",
    )


def test_time_between_trials_is_not_part_of_the_duration() -> None:
    first, second = run_of(3), run_of(3, trial=1)
    later = [sample(index=i, trial=1, at_ms=60_000.0 + 1000 * i, ttft_ms=100.0 + i) for i in range(len(second))]
    assert measured(first).phase.duration_seconds == pytest.approx(2.122)
    assert measured(first + later).phase.duration_seconds == pytest.approx(2 * 2.122)


def test_points_are_in_the_order_of_sending() -> None:
    late = sample(index=1, at_ms=500, sent_ns=ns(2000), error=ErrorClass.TIMEOUT)
    unsent = sample(index=2, at_ms=1000, sent_ns=None, events_ns=(), error=ErrorClass.CONNECT)
    points = points_of([late, unsent, sample(at_ms=250)], most=3)
    assert [(point.t_s, point.error) for point in points] == [(0.0, None), (0.75, "connect"), (1.75, "timeout")]
    assert points_of([late, unsent, sample(at_ms=250)], most=2) == (points[0], points[2])


def test_gaps_of_all_requests_are_pooled() -> None:
    figures = measured([sample(gaps_ms=(5.0, 7.0)), sample(gaps_ms=()), sample(gaps_ms=(9.0,))])
    assert figures.series["itl_ms"].values.tolist() == [5.0, 7.0, 9.0]
    p50 = figures.estimate("itl_ms", "p50")
    assert p50 is not None
    assert (p50.value, p50.n, p50.enough) == (7.0, 3, False)


def test_a_statistic_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="'p100' is not a statistic"):
        measured(run_of(3)).estimate("ttft_ms", "p100")


def test_a_figure_that_does_not_exist_is_none() -> None:
    assert measured(run_of(3)).estimate("recall_at_k", None) is None
    assert measured(run_of(3)).estimate("recall_at_k", "p50") is None


def test_documents_have_no_infinities() -> None:
    figures = measured([*run_of(20), sample(error=ErrorClass.TIMEOUT)])
    distributions = {name: finite_distribution(each) for name, each in figures.distributions().items()}
    json.dumps({name: asdict(each) for name, each in distributions.items()}, allow_nan=False)
    adjusted: Distribution = distributions["adj_ttft_ms"]
    assert (adjusted.n, adjusted.max, adjusted.mean.value) == (21, None, None)
    assert adjusted.p50.value == 110.0


@given(
    order=st.permutations(range(12)),
    gaps=st.lists(st.lists(st.integers(0, 500), max_size=5), min_size=12, max_size=12),
)
def test_figures_do_not_depend_on_the_order_of_the_samples(order: list[int], gaps: list[list[int]]) -> None:
    samples = [
        sample(index=i, at_ms=100.0 * i, ttft_ms=50.0 + 7 * i, gaps_ms=own, error=ErrorClass.EMPTY if i == 5 else None)
        for i, own in enumerate(gaps)
    ]
    one, other = measured(samples), measured([samples[i] for i in order])
    assert one.phase == other.phase
    assert one.rates == other.rates
    assert points_of(samples, most=12) == points_of([samples[i] for i in order], most=12)
    for name in ("ttft_ms", "itl_ms", "adj_e2e_ms"):
        assert one.series[name].distribution() == other.series[name].distribution()
