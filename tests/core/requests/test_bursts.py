import pytest

from ragmeter.core.requests.bursts import OF_BURSTS, bursts_of, unjudged
from ragmeter.core.requests.records import ErrorClass
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
