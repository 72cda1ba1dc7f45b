import numpy as np
import pytest

from ragmeter.core.figures.steady import steady_state
from ragmeter.core.requests.records import RequestSample
from tests.core.samples import sample


def closed_loop(users: int, rounds: int, ramp_ms: float = 0.0, pause_ms: float = 1.0) -> list[RequestSample]:
    """Users that each ask ``rounds`` times for 100 ms; user i begins after i times ``ramp_ms``."""
    return [
        sample(index=user * rounds + turn, at_ms=user * ramp_ms + turn * (100 + pause_ms), ttft_ms=80, gaps_ms=(20.0,))
        for user in range(users)
        for turn in range(rounds)
    ]


def one_by_one(ttfts: list[float]) -> list[RequestSample]:
    return [sample(index=i, at_ms=1000.0 * i, ttft_ms=ttft, gaps_ms=(980 - ttft,)) for i, ttft in enumerate(ttfts)]


def test_ramp_and_drain_are_outside() -> None:
    found = steady_state(closed_loop(10, 20, ramp_ms=50))
    assert found is not None
    assert found.peak_concurrency == 10
    assert found.start_ns == pytest.approx(350e6, abs=5e6)
    assert found.end_ns == pytest.approx(2119e6, abs=5e6)
    assert found.share_ratio == pytest.approx(1769 / 2469, abs=0.01)


@pytest.mark.parametrize("users", [1, 2, 4])
def test_a_slot_between_two_requests_does_not_end_the_span(users: int) -> None:
    found = steady_state(closed_loop(users, 20))
    assert found is not None
    assert found.share_ratio == 1.0


def test_a_long_pause_ends_it() -> None:
    found = steady_state([*closed_loop(2, 5), *(sample(index=20 + i, at_ms=5000 + 101 * i) for i in range(2))])
    assert found is not None
    assert found.end_ns < 1_000_000_000


def test_nothing_sent_has_no_steady_state() -> None:
    assert steady_state([sample(sent_ns=None, events_ns=())]) is None


@pytest.mark.parametrize(("slope", "way"), [(5.0, 1), (-2.0, -1)])
def test_a_ttft_that_rises_or_falls_is_found_with_its_size(slope: float, way: int) -> None:
    rng = np.random.default_rng(61)
    found = steady_state(one_by_one([200 + slope * i + float(rng.normal(0, 10)) for i in range(60)]))
    assert found is not None
    assert found.drifts
    assert found.slope_ratio is not None
    assert found.slope_ratio * way > 0.3


def test_a_steady_ttft_is_called_drifting_once_in_a_hundred() -> None:
    rng = np.random.default_rng(62)
    runs = [steady_state(one_by_one((200 * rng.lognormal(0, 0.3, 40)).tolist())) for _ in range(400)]
    assert sum(run.drifts for run in runs if run is not None) <= 10


def test_below_ten_requests_no_trend_is_named() -> None:
    found = steady_state(one_by_one([100.0 * i for i in range(9)]))
    assert found is not None
    assert (found.trend_p, found.slope_ratio, found.drifts) == (None, None, False)
