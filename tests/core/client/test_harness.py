import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.client.harness import Harness, harness_of, lag_ms, peak_concurrency
from ragmeter.core.requests.records import ErrorClass, RequestSample
from tests.core.samples import ns, sample


def sent_late(lags_ms: list[float], *, every_ms: float = 100.0, ttft_ms: float = 50.0) -> list[RequestSample]:
    return [
        sample(index=i, at_ms=every_ms * i, sent_ns=ns(every_ms * i + lag), ttft_ms=lag + ttft_ms, gaps_ms=(10,))
        for i, lag in enumerate(lags_ms)
    ]


def of(samples: list[RequestSample], *, open_loop: bool = True, cpu: float | None = None) -> Harness:
    return harness_of(samples, clock="user", open_loop=open_loop, client_cpu_ratio=cpu)


def test_a_punctual_client_is_fit() -> None:
    harness = of(sent_late([0.1] * 200), cpu=0.2)
    assert harness.reasons == ()
    assert harness.schedule_lag_p99_ms == pytest.approx(0.1)
    assert harness.offered_rate_per_s == pytest.approx(10)
    assert harness.achieved_rate_per_s == pytest.approx(10)
    assert harness.peak_concurrency == 1


def test_round_trips_are_averaged_and_retransmits_added_where_the_kernel_told() -> None:
    harness = of([sample(rtt_us=100, retransmits=0), sample(rtt_us=300, retransmits=2), sample()])
    assert (harness.rtt_mean_ms, harness.retransmits) == (0.2, 2)
    unknown = of([sample()])
    assert (unknown.rtt_mean_ms, unknown.retransmits) == (None, None)


@pytest.mark.parametrize(
    ("lags", "ttft", "late"),
    [
        ([5.0] * 100, 50.0, True),
        ([5.0] * 100, 600.0, False),  # within 1 % of the TTFT
        ([0.9] * 100, 5.0, False),  # within what a timer can do
        ([0.0] * 9 + [30.0], 50.0, False),  # one of ten is not a late client
        ([0.0] * 8 + [30.0, 30.0], 50.0, True),
        ([0.0] * 990 + [30.0] * 10, 50.0, False),
        ([0.0] * 980 + [30.0] * 20, 50.0, True),
        ([30.0], 50.0, True),
    ],
)
def test_a_late_client_is_told_from_one_late_request(lags: list[float], ttft: float, late: bool) -> None:
    reasons = of(sent_late(lags, every_ms=10_000, ttft_ms=ttft)).reasons
    assert any("ms late (p99)" in reason for reason in reasons) is late


def test_connection_setup_is_not_the_clients_lateness() -> None:
    one = sample(sent_ns=ns(40), dns_ns=ns(5), connect_ns=ns(10), tls_ns=ns(24))
    assert lag_ms(one) == 1.0


def test_a_request_that_never_left_has_no_lag_and_does_not_count_as_late() -> None:
    lost = sample(index=999, at_ms=30_000, sent_ns=None, events_ns=(), error=ErrorClass.CONNECT)
    assert of([*sent_late([0.1] * 20), lost]).reasons == ()
    with pytest.raises(ValueError, match="request 999 was never sent"):
        lag_ms(lost)


@pytest.mark.parametrize(("stretch", "missed"), [(1.0, False), (1.015, False), (1.03, True)])
def test_a_missed_rate_is_judged_against_the_schedule(stretch: float, missed: bool) -> None:
    samples = [sample(index=i, at_ms=100.0 * i, sent_ns=ns(100.0 * i * stretch), ttft_ms=1e6) for i in range(50)]
    reasons = of(samples).reasons
    assert any("where the schedule wanted 10" in reason for reason in reasons) is missed


def test_a_closed_loop_has_no_schedule_to_miss() -> None:
    harness = of(sent_late([50.0] * 20), open_loop=False)
    assert harness.reasons == ()
    assert (harness.schedule_lag_p99_ms, harness.offered_rate_per_s) == (None, None)
    assert harness.achieved_rate_per_s == pytest.approx(20 / 2.01)


@pytest.mark.parametrize(("cpu", "starved"), [(None, False), (0.85, False), (0.86, True)])
@pytest.mark.parametrize("open_loop", [True, False])
def test_a_starved_client_is_unfit(cpu: float | None, starved: bool, open_loop: bool) -> None:
    reasons = of(sent_late([0.0] * 20), open_loop=open_loop, cpu=cpu).reasons
    assert reasons == (("the client used 86% of its core, more than 85%",) if starved else ())


@pytest.mark.parametrize("open_loop", [True, False])
def test_nothing_sent_is_unknown(open_loop: bool) -> None:
    harness = of([], open_loop=open_loop)
    assert (harness.offered_rate_per_s, harness.achieved_rate_per_s, harness.schedule_lag_p99_ms) == (None, None, None)
    assert (harness.peak_concurrency, harness.effective_decode_concurrency, harness.reasons) == (0, None, ())


def test_one_request_has_no_rate() -> None:
    assert of(sent_late([0.0])).offered_rate_per_s is None


def test_peak_counts_overlaps_and_not_touches() -> None:
    spans = [(0, 100), (100, 200), (50, 120), (110, 115)]
    samples = [sample(sent_ns=ns(start), events_ns=(), ended_ns=ns(end)) for start, end in spans]
    assert peak_concurrency(samples) == 3


def test_trials_do_not_overlap_each_other() -> None:
    assert peak_concurrency([sample(trial=0), sample(trial=1)]) == 1


def test_time_between_trials_is_no_missed_rate() -> None:
    trials = [sample(index=i, trial=trial, at_ms=60_000.0 * trial + 100 * i) for trial in range(2) for i in range(11)]
    assert of(trials).offered_rate_per_s == pytest.approx(10)


def test_decode_concurrency_is_the_mean_number_of_streams_between_first_and_last_token() -> None:
    streams = [sample(ttft_ms=500, gaps_ms=(250, 250)), sample(ttft_ms=250, gaps_ms=(750,)), sample(gaps_ms=())]
    assert of(streams).effective_decode_concurrency == pytest.approx(0.5 + 0.75)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=25))
def test_peak_is_the_largest_number_in_flight_at_any_start(spans: list[tuple[int, int]]) -> None:
    samples = [sample(sent_ns=ns(start), events_ns=(), ended_ns=ns(start + length)) for start, length in spans]
    expected = max(sum(s <= start < s + length for s, length in spans) for start, _ in spans)
    assert peak_concurrency(samples) == expected
