"""Requests with the stages that spans told of them, and what of those is to be said."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ragmeter.core.figures.spans.placing import tree_of
from ragmeter.core.figures.spans.records import Received, SpanTold, Trace
from ragmeter.core.figures.spans.stages import SpanStages, stages_of
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import RequestSample, ServerTimings
from ragmeter.core.requests.stage_names import MOST_STAGES

OTHERS: Final = "other_spans"
"""Of the stages of one request beyond `MOST_STAGES`."""
TOO_LATE: Final = "have a first token that came later by their spans than the client saw it: their spans are not used"
_CLOCKS_RATIO: Final = 1.01
_CLOCKS_MS: Final = 1.0
_FIELDS: Final = {"queue": "queue_ms", "embedding": "embedding_ms", "retrieval": "retrieval_ms"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTold:
    """A stage by its spans. requests: that have it. before_mean_ms, after_mean_ms: over these, until the first token
    and from there on; where nobody says when that came, until the LLM was asked.
    """

    name: str
    requests: int
    before_mean_ms: float
    after_mean_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What spans said of the measured requests. requests: that were sent with an id of a trace; joined: of which spans
    came. services: that made them. stages: in the order of their time, the longest first. notes: what of the spans was
    not as it has to be, and how it was taken, in words.
    """

    requests: int
    joined: int
    spans: int
    services: tuple[str, ...]
    stages: tuple[StageTold, ...]
    notes: tuple[str, ...]
    received: Received | None = None


def caller_of(trace_id: str) -> str:
    """The span id that the client sends with the id of a trace."""
    return trace_id[16:]


def with_spans(samples: Sequence[RequestSample], traces: Sequence[Trace]) -> tuple[RequestSample, ...]:
    """The requests with what their spans tell where the service itself did not."""
    if not traces:
        return tuple(samples)
    known = {trace.trace_id: trace.spans for trace in traces}
    return tuple(_with(sample, _spans_of(sample, known)) for sample in samples)


def _spans_of(sample: RequestSample, known: Mapping[str, Sequence[SpanTold]]) -> Sequence[SpanTold]:
    """By the id that the client sent, else by the one that the service told."""
    return known.get(sample.sent_trace_id or "", ()) or known.get(sample.trace_id or "", ())


def _stages(sample: RequestSample, spans: Sequence[SpanTold]) -> SpanStages:
    return stages_of(tree_of(spans, caller_of(sample.sent_trace_id or "")))


def _with(sample: RequestSample, spans: Sequence[SpanTold]) -> RequestSample:
    if not spans:
        return sample
    trace_id = sample.trace_id or sample.sent_trace_id
    found = _stages(sample, spans)
    if _is_too_late(sample, found):
        return replace(sample, trace_id=trace_id)
    return replace(sample, trace_id=trace_id, timings=_merged(sample.timings, found))


def _is_too_late(sample: RequestSample, found: SpanStages) -> bool:
    seen_ms = ttft_ms(sample)
    return seen_ms is not None and found.ttft_ms is not None and found.ttft_ms > seen_ms * _CLOCKS_RATIO + _CLOCKS_MS


def _merged(told: ServerTimings, found: SpanStages) -> ServerTimings:
    """What a service tells itself comes first: where it tells a stage before the LLM, spans add none to those, because
    nobody says whether they are the same. The LLM's parts are added where its wait is known from either.
    """
    has_own = any(getattr(told, name) is not None for name in _FIELDS.values()) or bool(told.further)
    before = {} if has_own else dict(found.before_ms)
    fields: dict[str, float | None] = {ours: before.pop(name) for name, ours in _FIELDS.items() if name in before}
    names = ("inference_ttft_ms", "inference_ms", "ttft_ms", "total_ms")
    for name in (*names, "llm_queue_ms", "llm_prefill_ms", "llm_decode_ms"):
        if getattr(told, name) is None:
            fields[name] = getattr(found, name)
    later = {} if told.later else dict(found.after_ms)
    return replace(
        told,
        **{name: value for name, value in fields.items() if value is not None},
        further=told.further or _most(before),
        later=told.later or _most(later),
    )


def _most(stages: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """All of a few; of more, the longest, and the sum of the rest under a name that says so."""
    if len(stages) <= MOST_STAGES:
        return tuple(stages.items())
    longest = sorted(stages, key=lambda name: -stages[name])[: MOST_STAGES - 1]
    rest_ms = sum(ms for name, ms in stages.items() if name not in longest)
    return (*((name, ms) for name, ms in stages.items() if name in longest), (OTHERS, rest_ms))


def traced_of(samples: Sequence[RequestSample], traces: Sequence[Trace], received: Received | None) -> Traced | None:
    """Of the samples of one phase; None where no receiver listened."""
    if received is None:
        return None
    known = {trace.trace_id: trace.spans for trace in traces}
    asked = [sample for sample in samples if sample.sent_trace_id is not None or sample.trace_id in known]
    rows = [(sample, spans) for sample in asked if (spans := _spans_of(sample, known))]
    found = [(sample, _stages(sample, spans)) for sample, spans in rows]
    faults = Counter(fault for _, stages in found for fault in stages.faults)
    faults.update(TOO_LATE for sample, stages in found if _is_too_late(sample, stages))
    return Traced(
        requests=len(asked),
        joined=len(rows),
        spans=sum(len(spans) for _, spans in rows),
        services=tuple(sorted({span.service for _, spans in rows for span in spans if span.service})),
        stages=_means([stages for _, stages in found]),
        notes=(
            *_missing(len(asked), len(rows)),
            *(f"{count} of {len(rows)} requests {fault}" for fault, count in faults.most_common()),
            *_not_kept(received),
        ),
        received=received,
    )


def _missing(asked: int, joined: int) -> list[str]:
    if joined == asked:
        return []
    why = (
        "they were not sampled, or came too late"
        if joined
        else "does the service send them here, and take over traceparent?"
    )
    return [f"{asked - joined} of {asked} requests have no span: {why}"]


def _not_kept(received: Received) -> list[str]:
    words = [f"{count} bodies were refused: {reason}" for reason, count in sorted(received.refused.items())]
    if received.left_out:
        words.append(f"{received.left_out} spans beyond what is kept were left out")
    return words


def _means(found: Sequence[SpanStages]) -> tuple[StageTold, ...]:
    sums: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for stages in found:
        before, after = dict(stages.before_ms), dict(stages.after_ms)
        if stages.inference_ms is not None:
            first_ms = stages.inference_ttft_ms or 0.0
            before["llm"], after["llm"] = first_ms, stages.inference_ms - first_ms
        for name in {**before, **after}:
            sums[name].append((before.get(name, 0.0), after.get(name, 0.0)))
    told = [
        StageTold(
            name=name,
            requests=len(rows),
            before_mean_ms=sum(row[0] for row in rows) / len(rows),
            after_mean_ms=sum(row[1] for row in rows) / len(rows),
        )
        for name, rows in sums.items()
    ]
    return tuple(sorted(told, key=lambda at: -(at.before_mean_ms + at.after_mean_ms) * at.requests))
