"""Readings of a server over a span: what its counters grew by, where it was not read, and when it began anew."""

from dataclasses import replace

import pytest

from ragmeter.clients.observe.page import samples_of
from ragmeter.core.figures.observe.cache_growth import cache_growth
from ragmeter.core.figures.observe.records import Reading, Span
from ragmeter.core.figures.observe.watched import Watched, watched
from ragmeter.core.requests.cache_counts import CacheCounts
from ragmeter.core.requests.records import Phase

SPAN = Span(phase=Phase.MEASURED)
ONE, OTHER = "http://one/metrics", "http://other/metrics"


def page(running: int, prompt: int, cached: int = 0) -> str:
    return (
        f"llamacpp:requests_processing {running}\nllamacpp:prompt_tokens_total {prompt}\n"
        f"llamacpp:prompt_tokens_cached_total {cached}\n"
    )


def reading(at_s: float, text: str | None, edge: str | None = None, source: str = ONE) -> Reading:
    return Reading(
        source=source,
        span=SPAN,
        at_ns=int((10 + at_s) * 1e9),
        took_ns=1_000_000,
        edge=edge,  # type: ignore[arg-type]
        tick=0 if edge else round(at_s + 0.5),
        samples=() if text is None else samples_of(text, buckets=True),
        failure="no answer within 3 s" if text is None else None,
    )


def one(*readings: Reading) -> Watched:
    (found,) = watched(readings)
    return found


BEGIN, END = reading(0, page(0, 100, 10), "begin"), reading(4, page(0, 500, 60), "end")
TICKS = [reading(0.5 + second, page(second, 200 + 50 * second, 10)) for second in range(4)]


def test_counters_grow_between_the_edges_and_gauges_are_of_what_lies_between() -> None:
    found = one(BEGIN, *TICKS, END)
    assert (found.family, found.seconds, found.gap, found.uncounted) == ("llama.cpp", 4.0, None, None)
    assert found.grown("prompt_tokens") == 450
    assert found.grown("preemptions") is None, "llama.cpp has none"
    assert found.gauge("llm_running") == [(0.5, 0), (1.5, 1), (2.5, 2), (3.5, 3)]
    assert found.observed("llm_queue_ms") is None


@pytest.mark.parametrize(
    ("readings", "gap"),
    [
        ([BEGIN, END], "the phase was over before a reading was made in it"),
        ([BEGIN, reading(0.5, None), END], "1 readings failed: no answer within 3 s"),
        ([BEGIN, *TICKS, replace(END, at_ns=END.at_ns + int(3e9))], "not read for 3.5 s from 3.5 s on"),
        (
            [BEGIN, TICKS[0], reading(1.5, None), replace(END, at_ns=END.at_ns + int(1e9))],
            "not read for 4.5 s from 0.5 s on: no answer within 3 s",
        ),
        ([reading(0, None, "begin"), *TICKS, END], None),
    ],
)
def test_a_gap_is_said_with_its_place_and_its_reason(readings: list[Reading], gap: str | None) -> None:
    assert one(*readings).gap == gap


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        ([reading(0, None, "begin"), *TICKS, END], "not read right before the load: no answer within 3 s"),
        ([BEGIN, *TICKS, reading(4, None, "end")], "not read right after the load: no answer within 3 s"),
        ([BEGIN, *TICKS], "not read right after the load"),
        (
            [BEGIN, *TICKS, reading(4, page(0, 40), "end")],
            "it was started again meanwhile: its counters began anew",
        ),
        (
            [BEGIN, TICKS[0], reading(1.5, page(1, 5)), END],
            "it was started again meanwhile: its counters began anew",
        ),
        (
            [BEGIN, reading(4, "tgi_queue_size 1\n", "end")],
            "llama.cpp before the load and TGI after it",
        ),
        (
            [BEGIN, reading(4, "# nothing\n", "end")],
            "not read right after the load: the page has none of the metrics that are known",
        ),
    ],
)
def test_growth_that_is_not_known_is_no_number(readings: list[Reading], why: str) -> None:
    found = one(*readings)
    assert found.uncounted == why
    assert found.grown("prompt_tokens") is None
    assert cache_growth(readings) is None


@pytest.mark.parametrize(("start", "grown"), [(5, 8.0), (95, None)])
def test_another_start_time_is_a_restart_although_the_counters_grew(start: int, grown: float | None) -> None:
    def told(at_s: int, prompt: int) -> str:
        return f"process_start_time_seconds {at_s}\nvllm:prompt_tokens_total {prompt}\n"

    found = one(reading(0, told(5, 1), "begin"), reading(4, told(start, 9), "end"))
    assert found.grown("prompt_tokens") == grown
    assert (found.uncounted is None) is (grown is not None)


def test_caches_of_several_replicas_are_one_only_where_all_are_known() -> None:
    others = [replace(each, source=OTHER) for each in (BEGIN, END)]
    alone = CacheCounts(source="llama.cpp", asked_tokens=450, hit_tokens=50)
    assert cache_growth([BEGIN, END]) == alone
    assert cache_growth([BEGIN, END, *others]) == replace(alone, asked_tokens=900, hit_tokens=100)
    assert cache_growth([BEGIN, END, others[0]]) is None
    backend = [
        reading(at, "rag_inflight_requests 1\n", edge, "http://rag/metrics") for at, edge in ((0, "begin"), (4, "end"))
    ]
    assert cache_growth([BEGIN, END, *backend]) == alone, "a service without such counters says nothing of them"
    assert cache_growth([]) is None


def test_spans_and_replicas_are_kept_apart() -> None:
    second = Span(phase=Phase.MEASURED, trial=1)
    found = watched([BEGIN, END, replace(BEGIN, span=second), replace(END, source=OTHER)])
    assert [(each.span.trial, each.source) for each in found] == [(0, ONE), (1, ONE), (0, OTHER)]
    assert watched([]) == ()
