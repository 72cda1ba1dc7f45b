"""What servers told, on the time axis of the requests: nothing is made up where nobody read."""

import pytest

from ragmeter.core.figures.observe.over_time import NOTHING_SERVED, ServedLines, lines_of
from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.figures.slowest import slowest_of
from ragmeter.core.figures.timeline import timeline_of
from tests.core.figures.observe.test_estimates import OTHER, SECONDS, seen, trial
from tests.core.samples import ns, sample

S = 1_000_000_000


def lines(*trials: list[Reading]) -> ServedLines:
    return lines_of(seen(*trials))


def test_a_reading_stands_for_its_second_and_none_for_a_gap() -> None:
    found = lines(trial(kv=[second / 10 for second in range(SECONDS)], lost=(4, 5)))
    assert [found.at("kv_cache_usage_ratio", round(at * S)) for at in (0, 0.5, 0.99, 3.9, 4.2, 5.9, 6.2, 12.4)] == [
        0.0, 0.0, 0.0, 0.3, None, None, 0.6, None,
    ]  # fmt: skip
    assert found.at("llm_output_tokens_per_s", 3 * S) == pytest.approx(10.0)
    assert found.at("service_running", S) is None


def test_replicas_are_folded_and_one_that_was_not_read_leaves_none() -> None:
    found = lines(trial(kv=(0.2,) * SECONDS), trial(source=OTHER, kv=(0.9,) * SECONDS, lost=(7,)))
    assert found.at("llm_waiting", 2 * S) == 8.0
    assert found.at("kv_cache_usage_ratio", 2 * S) == 0.9
    assert found.at("llm_waiting", 7 * S + S // 2) is None
    assert found.over(0, S, 3) == {
        "llm_running": (0.0, 2.0, 4.0),
        "llm_waiting": (8.0, 8.0, 8.0),
        "kv_cache_usage_ratio": (0.9, 0.9, 0.9),
        "preemptions_per_s": (0.0, 0.0, 0.0),
        "llm_output_tokens_per_s": pytest.approx((20.0, 20.0, 20.0)),
    }


def test_what_a_slow_request_met_is_the_most_of_its_wait() -> None:
    kv = [0.1] * SECONDS
    kv[5] = 0.95
    served = lines(trial(kv=kv))
    requests = [
        sample(index=0, at_ms=4200, ttft_ms=2000),
        sample(index=1, at_ms=8200, ttft_ms=300),
        sample(index=2, at_ms=60_000, ttft_ms=100),
    ]
    met = {one.index: one.meanwhile.get("kv_cache_usage_ratio") for one in slowest_of(requests, served=served)}
    assert met == {0: 0.95, 1: 0.1, 2: None}
    assert all(one.meanwhile == {} for one in slowest_of(requests))


def test_the_timeline_has_them_in_its_parts_and_not_of_several_clocks() -> None:
    served = lines(trial())
    requests = [sample(index=at, at_ms=at * 100.0, ttft_ms=50, ended_ns=ns(at * 100 + 90)) for at in range(120)]
    found = timeline_of(requests, open_loop=False, served=served)
    assert found is not None
    assert {len(values) for values in found.servers.values()} == {len(found.in_flight)}
    assert set(found.servers["kv_cache_usage_ratio"]) == {0.5}
    there = [sample(index=120, clock_id=1)]
    assert timeline_of([*requests, *there], open_loop=False, served=served).servers == {}  # type: ignore[union-attr]
    assert timeline_of(requests, open_loop=False, served=NOTHING_SERVED).servers == {}  # type: ignore[union-attr]
