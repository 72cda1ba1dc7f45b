import pytest

from ragmeter.core.client.harness import harness_of
from ragmeter.core.requests.bursts import OF_BURSTS, bursts_of, unjudged
from ragmeter.core.requests.records import ErrorClass
from ragmeter.run.load.standstill import Standstill
from tests.core.samples import sample

EVEN = [20.0] * 31
AT_ONCE = [0.01] * 31
BUFFERED = ([0.005] * 15 + [320.0]) * 2
EVERY_FOURTH = ([0.01] * 3 + [80.0]) * 8
SPECULATIVE = [0.01, 0.02, 60.0, 0.01, 40.0, 0.01, 0.01, 0.01, 80.0, 0.03, 40.0] * 3


@pytest.mark.parametrize(
    ("gaps", "held", "holder"),
    [
        (AT_ONCE, "whole responses at once", "proxy_buffering off"),
        (BUFFERED, "median 16 events each", "proxy_buffering off"),
        (EVERY_FOURTH, "median 4 events each", "every 4 tokens (stream interval)"),
        (SPECULATIVE, "events each", "speculative decoding"),
    ],
    ids=["all at once", "buffered", "stream interval", "speculative"],
)
def test_bursts_are_told_with_what_probably_held_the_text_back(gaps: list[float], held: str, holder: str) -> None:
    found = bursts_of([sample(gaps_ms=gaps)] * 3)
    assert found is not None
    assert held in found.sentence
    assert holder in found.sentence
    assert set(unjudged([sample(gaps_ms=gaps)])) == set(OF_BURSTS) >= {"tpot_ms", "itl_ms"}


HERE, THERE = "127.0.0.1", "203.0.113.7"
PROXY = "a proxy that buffers"


@pytest.mark.parametrize(
    ("gaps", "address", "cpu", "clock", "holder", "not_said"),
    [
        (AT_ONCE, THERE, 0.2, "user", "probably by a proxy that buffers responses", "the load generator"),
        (AT_ONCE, None, 0.2, "user", "probably by a proxy that buffers responses", "the load generator"),
        (AT_ONCE, HERE, 0.2, "user", "a service that answers at once, or by too few processors", PROXY),
        (BUFFERED, "::1", 0.2, "user", "a service that answers at once, or by too few processors", PROXY),
        (EVERY_FOURTH, THERE, 0.2, "user", "every 4 tokens (stream interval) or a proxy that buffers", "this machine"),
        (EVERY_FOURTH, HERE, 0.2, "user", "every 4 tokens (stream interval), or by too few processors", PROXY),
        (SPECULATIVE, HERE, 0.2, "kernel", "speculative decoding, or by too few processors for the service", PROXY),
        (
            AT_ONCE,
            THERE,
            0.95,
            "user",
            "probably by the load generator, which had no processor to read in time:",
            PROXY,
        ),
        (AT_ONCE, HERE, 0.95, "user", "the load generator, which had no processor to read in time on a machine", PROXY),
        (AT_ONCE, THERE, 0.95, "kernel", "probably by a proxy that buffers responses", "the load generator"),
        (AT_ONCE, THERE, 0.95, "capture", "probably by a proxy that buffers responses", "the load generator"),
        (AT_ONCE, HERE, 0.95, "capture", "or by too few processors for the service and the load", PROXY),
    ],
)
def test_the_likely_holder_is_named_by_what_is_known_of_client_and_host(
    gaps: list[float], address: str | None, cpu: float, clock: str, holder: str, not_said: str
) -> None:
    samples = [sample(index=at, gaps_ms=gaps, server_address=address) for at in range(3)]
    harness = harness_of(samples, clock=clock, open_loop=False, client_cpu_ratio=cpu)
    (sentence,) = set(harness.unjudged.values())
    assert holder in sentence
    assert not_said not in sentence


def test_a_client_that_stood_still_made_the_bursts_that_it_timed_itself() -> None:
    samples = [sample(index=at, gaps_ms=AT_ONCE, server_address=THERE) for at in range(3)]
    words = Standstill(late_s=5.0, stopped_s=5.0, longest_s=5.0).reason(10.0)
    assert words is not None
    harness = harness_of(samples, clock="user", open_loop=False, client_cpu_ratio=0.1, not_fit=[f"trial 1: {words}"])
    assert "probably by the load generator" in harness.unjudged["itl_ms"]
    other = harness_of(samples, clock="user", open_loop=False, client_cpu_ratio=0.1, not_fit=["the ring overflowed"])
    assert "probably by a proxy" in other.unjudged["itl_ms"]


@pytest.mark.parametrize(
    "gaps",
    [
        EVEN,
        [0.5] * 31,  # 2,000 tokens a second: a fast engine
        [0.01, *EVEN, 0.01],  # two close events are no bursts
        [0.01] * 10 + [20.0] * 11,  # most gaps are of the engine
        [0.01, 0.01],  # too few to tell
        [],
    ],
    ids=["even", "fast", "two close", "less than half", "few", "one event"],
)
def test_text_that_comes_as_it_is_made_is_judged(gaps: list[float]) -> None:
    assert bursts_of([sample(gaps_ms=gaps)] * 3) is None
    assert unjudged([sample(gaps_ms=gaps)]) == {}


def test_nothing_is_said_of_failures_and_of_no_requests() -> None:
    assert bursts_of([]) is None
    assert bursts_of([sample(gaps_ms=AT_ONCE, error=ErrorClass.TRUNCATED)]) is None
