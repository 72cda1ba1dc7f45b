import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.requests import measures
from ragmeter.core.requests.records import ErrorClass, RequestSample
from tests.core.samples import ns, sample

Measure = Callable[[RequestSample], float | None]

LATE = sample(at_ms=1000, sent_ns=ns(1250), ttft_ms=400, gaps_ms=(20, 30, 10))
"""Scheduled at 1000, sent at 1250, text at 1400, 1420, 1450, 1460."""


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (measures.ttft_ms, 150.0),
        (measures.ttft_scheduled_ms, 400.0),
        (measures.e2e_ms, 210.0),
        (measures.e2e_scheduled_ms, 460.0),
        (measures.tpot_ms, 20.0),
        (measures.tokens_per_s, 50.0),
        (measures.e2e_tokens_per_s, 4 / 0.210),
        (measures.max_gap_ms, 30.0),
        (measures.stall_ratio, 0.0),
        (measures.connect_ms, None),
        (measures.time_to_first_source_ms, None),
        (measures.output_tokens, 4),
        (measures.prompt_tokens, 50),
    ],
)
def test_measures_of_a_request_that_left_late(measure: Measure, expected: float | None) -> None:
    assert measure(LATE) == (None if expected is None else pytest.approx(expected))


def test_gaps_are_between_text_events() -> None:
    assert measures.itl_gaps_ms(LATE).tolist() == [20.0, 30.0, 10.0]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"output_tokens": 7}, 10.0),  # 60 ms for six tokens after the first, whatever the number of events
        ({"output_tokens": 13, "events_tokens": (3, 4, 4, 2)}, 6.0),
        ({"output_tokens": None}, None),
        ({"output_tokens": 1}, None),
        ({"output_tokens": 3, "events_tokens": (3, 0, 0, 0)}, None),
        ({"output_tokens": 4, "gaps_ms": ()}, None),
        ({"output_tokens": 4, "gaps_ms": (0.0, 0.0)}, None),
    ],
    ids=[
        "several tokens an event",
        "token counts of events",
        "no usage",
        "one token",
        "all tokens in the first event",
        "one event",
        "one read",
    ],
)
def test_tpot_divides_by_the_tokens_after_the_first_event(fields: dict[str, object], expected: float | None) -> None:
    one = sample(**{"gaps_ms": (20, 30, 10), **fields})  # type: ignore[arg-type]
    assert measures.tpot_ms(one) == expected
    assert measures.tokens_per_s(one) == (None if expected is None else pytest.approx(1000 / expected))


def test_connection_setup_is_the_sum_of_its_known_parts() -> None:
    assert measures.connect_ms(sample(dns_ns=ns(1), connect_ns=ns(2), tls_ns=ns(4))) == 7.0
    assert measures.connect_ms(sample(connect_ns=ns(2))) == 2.0


def test_sources_are_timed_from_the_send() -> None:
    assert measures.time_to_first_source_ms(sample(at_ms=10, first_source_ns=ns(35))) == 25.0


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ((), None),
        ((10.0,), None),
        ((10.0, 10.0, 10.0, 70.0), 0.7),
        ((10.0, 10.0, 50.0), 0.0),  # exactly 5 times the median is not beyond it
        ((0.0, 0.0, 0.0, 0.0, 10.0, 10.0, 80.0), 0.8),
    ],
)
def test_stalls_are_gaps_beyond_five_medians(gaps: tuple[float, ...], expected: float | None) -> None:
    assert measures.stall_ratio(sample(gaps_ms=gaps)) == (None if expected is None else pytest.approx(expected))


def test_a_request_that_never_left_has_no_latency() -> None:
    lost = sample(sent_ns=None, events_ns=(), output_tokens=None, error=ErrorClass.CONNECT)
    for measure in (measures.ttft_ms, measures.ttft_scheduled_ms, measures.e2e_ms, measures.tpot_ms):
        assert measure(lost) is None


def test_a_cut_stream_has_a_first_token_but_no_end() -> None:
    cut = sample(error=ErrorClass.TRUNCATED)
    assert measures.ttft_ms(cut) == 100.0
    assert measures.e2e_ms(cut) is None
    assert measures.e2e_tokens_per_s(cut) is None


@pytest.mark.parametrize(
    ("error", "expected"), [(None, 100.0), (ErrorClass.TIMEOUT, math.inf), (ErrorClass.INTERRUPTED, None)]
)
def test_failures_are_infinite_and_interrupted_requests_are_neither(
    error: ErrorClass | None, expected: float | None
) -> None:
    assert measures.failures_as_infinite(measures.ttft_ms)(sample(error=error)) == expected


@given(
    ttft=st.integers(1, 10_000),
    gaps=st.lists(st.integers(0, 1000), min_size=1, max_size=50),
    at=st.integers(0, 100_000),
    tokens=st.integers(1, 500),
)
def test_first_token_and_decode_add_up_to_the_whole_and_do_not_depend_on_the_origin(
    ttft: int, gaps: list[int], at: int, tokens: int
) -> None:
    here, there = (sample(at_ms=origin, ttft_ms=ttft, gaps_ms=gaps, output_tokens=tokens) for origin in (0, at))
    first, whole = measures.ttft_ms(here), measures.e2e_ms(here)
    assert first is not None
    assert whole == pytest.approx(first + (measures.decode_time_ms(here) or 0.0))
    assert measures.itl_gaps_ms(here).tolist() == measures.itl_gaps_ms(there).tolist()
    assert measures.tpot_ms(here) == measures.tpot_ms(there)
    assert 0 <= (measures.stall_ratio(here) or 0.0) <= 1
