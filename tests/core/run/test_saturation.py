"""What of the servers was full first as the load rose."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from ragmeter.clients.observe.page import samples_of
from ragmeter.core.figures.observe.records import Reading, Span
from ragmeter.core.requests.records import Phase
from ragmeter.core.run.plan import Part, RunEnding
from ragmeter.core.run.saturation import Saturation, saturation_of
from ragmeter.core.run.serving import spans_of
from tests.run.cases import plan, workload

NAMES = {
    "running": "vllm:num_requests_running",
    "waiting": "vllm:num_requests_waiting",
    "kv": "vllm:kv_cache_usage_perc",
    "lost": "vllm:num_preemptions_total",
}


def readings(span: Span, told: Mapping[str, float]) -> list[Reading]:
    """Four seconds. lost: in each of them, as a counter."""

    def at(second: float, tick: int, edge: str | None) -> Reading:
        values = {**told, "lost": told.get("lost", 0) * second} if "lost" in told else told
        text = "".join(f"{NAMES[name]} {value}\n" for name, value in values.items())
        return Reading(
            source="http://one/metrics",
            span=span,
            at_ns=int((span.step * 10 + second) * 1e9),
            took_ns=1000,
            edge=edge,  # type: ignore[arg-type]
            tick=tick,
            samples=samples_of(text, buckets=True),
        )

    return [at(0, 0, "begin"), *(at(second + 0.5, second + 1, None) for second in range(4)), at(4, 0, "end")]


def found(*steps: Mapping[str, float], phase: Phase = Phase.MEASURED, rates: int | None = None) -> Saturation | None:
    spans = [readings(Span(phase=phase, step=step), told) for step, told in enumerate(steps)]
    number = len(steps) if rates is None else rates
    load = {"rates_per_s": tuple(10.0 * (at + 1) for at in range(number)), "shape": "sweep"} if number else {}
    made = replace(plan(), workload=workload(**load))
    parts = tuple(
        Part(name="search", trial=step, position=0, began_ns=0, ended_ns=1, whole=True, level=[8.0, 2.0, 4.0][step])
        for step in range(len(steps))
    )
    ending = RunEnding(status="complete", readings=tuple(each for own in spans for each in own), parts=parts)
    return saturation_of(made, ending, spans_of(made, ending))


IDLE = {"running": 1, "waiting": 0, "kv": 0.2}


@pytest.mark.parametrize(
    ("steps", "full", "words"),
    [
        ([IDLE, {**IDLE, "kv": 0.97}, {**IDLE, "kv": 1.0, "waiting": 6}], {"kv_cache": 20.0, "llm_queue": 30.0},
         "the KV cache was full first, at 20 requests/s; then the LLM's batch, before which requests queued, at 30"),
        ([IDLE, {**IDLE, "waiting": 3}], {"llm_queue": 20.0}, "before which requests queued was full first"),
        ([{**IDLE, "lost": 0}, {**IDLE, "lost": 2}], {"preemption": 20.0}, "(preemption) was full first"),
        ([IDLE, IDLE], {}, "20 requests/s: no queue was as long as a request on average and the KV cache had room"),
        ([{"waiting": 0}, {"waiting": 0.5}], {}, "20 requests/s: no queue was as long as a request on average"),
    ],
    ids=["cache, then queue", "queue", "preemption", "nothing", "nothing, and no cache is told"],
)  # fmt: skip
def test_what_was_full_first_is_named(steps: list[dict[str, float]], full: dict[str, float], words: str) -> None:
    at = found(*steps)
    assert at is not None
    assert at.full == full
    assert words in at.sentence
    assert [step.level for step in at.steps] == [10.0 * (place + 1) for place in range(len(steps))]


def test_a_search_is_told_by_its_levels() -> None:
    at = found({**IDLE, "waiting": 9}, IDLE, {**IDLE, "waiting": 2}, phase=Phase.SEARCH, rates=0)
    assert at is not None
    assert [step.level for step in at.steps] == [2.0, 4.0, 8.0]
    assert at.full == {"llm_queue": 4.0}
    assert "at 4 requests in flight" in at.sentence


def test_one_load_and_silent_servers_have_none() -> None:
    assert found(IDLE) is None
    assert found() is None
    assert found({"lost": 1}, {"lost": 2}) is None
