"""The real llama.cpp server and the service on it, observed while they work."""

from __future__ import annotations

import time

from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.figures.observe.watched import Watched, watched
from ragmeter.core.requests.records import Phase
from ragmeter.core.schedule.phases import phases
from ragmeter.run.plan.metrics_sources import FoundSources, metrics_sources
from ragmeter.run.processes.observing import Observation, Observer
from ragmeter.run.session.measure import Conditions, measure
from tests.backend.running import Backend
from tests.backend.test_backend_caches import LOAD, asked, at, patient
from tests.waiting import wait_until


def test_a_run_knows_what_the_servers_counted_of_it(real_llm: str, service: Backend) -> None:
    """The tokens of the server's counters are those that the answers told; each trial has its own."""
    workload = asked("rag", None, benchmark={**LOAD, "warmup_requests": 1})
    provider = at(str(service.http.base_url))
    origin_ns, kept = time.monotonic_ns(), list[Reading]()
    found = wait_until(lambda: _both(metrics_sources(provider, workload)), 60)
    assert [source.url for source in found.sources] == [f"{service.http.base_url}/metrics", f"{real_llm}/metrics"]
    with Observer() as observer:
        conditions = Conditions(
            provider=provider,
            origin_ns=origin_ns,
            keep=lambda _: None,
            watch=lambda: None,
            observation=Observation(observer, [patient(source) for source in found.sources], origin_ns),
            keep_reading=kept.append,
        )
        samples, ending = measure(workload, phases(workload), conditions)
    assert ending.status == "complete"
    assert tuple(kept) == ending.readings
    spans = watched(ending.readings, model_id=workload.model_id)
    assert {each.span.phase for each in spans} == {Phase.WARMUP, Phase.MEASURED}
    llm = _of(spans, "llama.cpp")
    measured = [sample for sample in samples if sample.phase is Phase.MEASURED]
    assert llm.uncounted is None
    assert llm.grown("prompt_tokens") == sum(sample.prompt_tokens or 0 for sample in measured)
    assert llm.grown("generation_tokens") == sum(sample.output_tokens or 0 for sample in measured)
    assert llm.grown("preemptions") is None, "llama.cpp has no such counter, and that is no 0"
    begin, end = min(sample.scheduled_ns for sample in measured), max(sample.ended_ns for sample in measured)
    own = [each for each in ending.readings if (each.source, each.span) == (llm.source, llm.span)]
    first, *ticks, last = sorted(own, key=lambda each: each.at_ns)
    assert first.at_ns <= begin
    assert end <= last.at_ns, "the edges are around the load"
    assert all(first.at_ns < tick.at_ns < last.at_ns for tick in ticks)
    assert _of(spans, "RAG backend").uncounted is None


def _both(found: FoundSources) -> FoundSources | None:
    """On a busy machine a page may take longer than the search for it waits."""
    return found if len(found.sources) == 2 else None


def _of(spans: tuple[Watched, ...], family: str) -> Watched:
    (found,) = (each for each in spans if each.family == family and each.span.phase is Phase.MEASURED)
    return found
