"""One run of a server that tells the LLM's times of each request and has histograms of them: both say the same."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import pytest

from ragmeter.clients.observe.source import MetricsSource
from ragmeter.core.figures.attribution import Attribution, attribute
from ragmeter.core.figures.observe.estimates import histogram_figures, whole_histograms
from ragmeter.core.figures.observe.watched import Watched, watched
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.schedule.phases import phases
from ragmeter.run.processes.observing import Observation, Observer
from ragmeter.run.session.measure import Conditions, measure
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import provider, workload

SCRIPT = StreamScript(ttft_ms=20, itl_ms=1, tokens=3, llm_queue_ms=(0.0, 7.0, 31.0))


def told(at: Attribution) -> dict[str, float]:
    return {stage.name: stage.mean_ms for stage in at.stages}


@lru_cache
def measured(target: str) -> tuple[list[RequestSample], list[Watched]]:
    """The measured requests, and what the server told of them around them."""
    wanted = workload(target=target, requests=20, concurrency=4, warmup_requests=5, trials=2)
    origin_ns = time.monotonic_ns()
    with GroundTruthServer(SCRIPT, metrics=True) as server, Observer() as observer:
        source = MetricsSource(url=f"{server.base_url}/metrics", patience_s=60)
        conditions = Conditions(
            provider=provider(server.base_url),
            origin_ns=origin_ns,
            keep=lambda _: None,
            watch=lambda: None,
            observation=Observation(observer, [source], origin_ns),
        )
        samples, ending = measure(wanted, phases(wanted), conditions)
    assert ending.status == "complete"
    spans = watched(ending.readings)
    return (
        [sample for sample in samples if sample.phase is Phase.MEASURED],
        [at for at in spans if at.span.phase is Phase.MEASURED],
    )


def split(samples: Sequence[RequestSample], spans: Sequence[Watched]) -> Attribution:
    """By the histograms alone: what was told of each request is taken away."""
    silent = [replace(each, timings=replace(each.timings, llm_queue_ms=None, llm_prefill_ms=None)) for each in samples]
    found = attribute(silent, histograms=whole_histograms(histogram_figures(spans)))
    assert found is not None
    return found


def test_of_each_request_and_by_histograms_a_rag_service_is_split_alike() -> None:
    samples, spans = measured("rag")
    exact, by_histogram = attribute(samples), split(samples, spans)
    assert exact is not None
    assert {stage.basis for stage in exact.stages if stage.name in {"llm_queue", "llm_prefill"}} == {"server"}
    assert {at.basis for at in by_histogram.stages if at.name in {"llm_queue", "llm_prefill"}} == {"histogram"}
    rest = told(by_histogram).pop("llm_rest")
    assert rest == pytest.approx(0.0, abs=1e-6)
    assert {name: ms for name, ms in told(by_histogram).items() if name != "llm_rest"} == pytest.approx(
        told(exact), abs=1e-6
    )
    assert by_histogram.llm_split == (
        "the LLM servers' histograms have exactly these 40 requests: the means of its stages are exact"
    )


def test_with_requests_of_others_the_truth_lies_between_the_bounds() -> None:
    samples, spans = measured("rag")
    some = [sample for sample in samples if sample.timings.llm_queue_ms != 7.0]
    exact, bounded = attribute(some), split(some, spans)
    assert exact is not None
    (queue,) = (at for at in bounded.stages if at.name == "llm_queue")
    assert queue.basis == "bounded"
    assert queue.low_ms is not None
    assert queue.high_ms is not None
    assert 0 < queue.low_ms <= told(exact)["llm_queue"] <= queue.high_ms < 31


def test_an_llm_is_split_by_its_histograms() -> None:
    samples, spans = measured("openai")
    assert attribute(samples) is None
    found = told(split(samples, spans))
    turns = [SCRIPT.llm_queue_ms[int((each.request_id or "").removeprefix("gt-")) % 3] for each in samples]
    assert found["llm_queue"] == pytest.approx(sum(turns) / len(turns))
    assert found["llm_prefill"] == pytest.approx(20)
    assert found["llm_rest"] == pytest.approx(0, abs=1e-6)
