"""How long each stage of one request took, by its spans: every moment of the request counts for one stage.

A moment counts for the innermost span that it is in. Of spans that run at the same time it counts for the one that ends
last, because that is what was waited for. What no span below the request's own is in remains the rest of the service.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from ragmeter.core.figures.spans.naming import LLM
from ragmeter.core.figures.spans.placing import Placed, Tree, answering

AT_ONCE: Final = "have stages that ran at the same time: that time counts for the one that ended last"
BEYOND: Final = "have spans that went on after the request's own had ended: what is after it is left out"
NO_MODEL: Final = "have no span of the LLM: nobody says which of their stages come before the first token"
NO_FIRST: Final = "have a span of the LLM that does not say when its first token came: its time is not split there"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanStages:
    """before_ms: of the stages until the first text, or until the LLM was asked where nobody says when that came;
    without the LLM. after_ms: from there on. ttft_ms, total_ms: of the whole service. inference_ttft_ms,
    inference_ms: of the LLM's answer, until the first text and to its end; the others are parts of that, as the LLM
    server tells. faults: as in `Tree`.
    """

    before_ms: Mapping[str, float] = field(default_factory=dict)
    after_ms: Mapping[str, float] = field(default_factory=dict)
    ttft_ms: float | None = None
    total_ms: float | None = None
    inference_ttft_ms: float | None = None
    inference_ms: float | None = None
    llm_queue_ms: float | None = None
    llm_prefill_ms: float | None = None
    llm_decode_ms: float | None = None
    faults: tuple[str, ...] = ()


def stages_of(tree: Tree) -> SpanStages:
    """Of one request."""
    answer = answering(tree.placed)
    told = _of_llm(tree.placed, answer)
    length_ms = None if answer is None else answer.length_ns / 1e6
    if tree.entry is None:
        lengths: defaultdict[str, float] = defaultdict(float)
        for at in tree.placed:
            if at.stage is not None and at.stage != LLM:
                lengths[at.stage] += at.length_ns / 1e6
        return SpanStages(after_ms=dict(lengths), inference_ms=length_ms, faults=tree.faults, **told)
    first_ns = _first_text_ns(tree.placed, answer)
    is_placed = answer is not None and answer.is_certain
    split_ns = first_ns if first_ns is not None else answer.began_ns if answer is not None and is_placed else 0
    before, after, at_once = _swept(tree, split_ns)
    faults = [*tree.faults]
    faults += [AT_ONCE] if at_once else []
    faults += [BEYOND] if any(at.ended_ns > tree.entry.ended_ns for at in tree.placed) else []
    faults += [NO_MODEL] if answer is None else [NO_FIRST] if first_ns is None else []
    whole_ms = before.pop(LLM, 0.0), after.pop(LLM, 0.0)
    return SpanStages(
        before_ms=before,
        after_ms=after,
        ttft_ms=None if first_ns is None else first_ns / 1e6,
        total_ms=tree.entry.length_ns / 1e6,
        inference_ttft_ms=None if first_ns is None else whole_ms[0],
        inference_ms=None if answer is None else sum(whole_ms),
        faults=tuple(faults),
        **told,
    )


def _swept(tree: Tree, split_ns: int) -> tuple[dict[str, float], dict[str, float], bool]:
    """Times in ms by stage until the split and after it, and whether stages ran at the same time."""
    entry = tree.entry
    if entry is None:
        return {}, {}, False
    mine = [at for at in tree.placed if at.stage is not None]
    edges = {0, split_ns, entry.ended_ns, *(at.began_ns for at in mine), *(at.ended_ns for at in mine)}
    moments = sorted(edge for edge in edges if 0 <= edge <= entry.ended_ns)
    before: defaultdict[str, float] = defaultdict(float)
    after: defaultdict[str, float] = defaultdict(float)
    at_once = False
    for begin_ns, end_ns in pairwise(moments):
        active = [at for at in mine if at.began_ns <= begin_ns and at.ended_ns >= end_ns]
        holding = {id(at.parent) for at in active}
        inner = [at for at in active if id(at) not in holding]
        if not inner:
            continue
        last = max(inner, key=lambda at: (at.branch.ended_ns, at.ended_ns))
        at_once |= len({at.stage for at in inner}) > 1
        if last.stage is not None:
            kept = before if end_ns <= split_ns and last.is_certain else after
            kept[last.stage] += (end_ns - begin_ns) / 1e6
    return dict(before), dict(after), at_once


def _first_text_ns(placed: Sequence[Placed], answer: Placed | None) -> int | None:
    """When the first piece of the answer came: an event of the call, or an attribute of it or of what is in it."""
    if answer is None or not answer.is_certain:
        return None
    for at in (answer, *_within(placed, answer)):
        if at.span.first_text_ns is not None:
            found_ns = at.began_ns + at.span.first_text_ns - at.span.began_ns
        else:
            seconds = at.span.seconds
            told_s = seconds.get("gen_ai.response.time_to_first_chunk")
            told_s = seconds.get("gen_ai.latency.time_to_first_token") if told_s is None else told_s
            if told_s is None:
                continue
            found_ns = at.began_ns + round(told_s * 1e9)
        if answer.began_ns <= found_ns <= answer.ended_ns:
            return found_ns
    return None


def _within(placed: Sequence[Placed], answer: Placed) -> list[Placed]:
    def is_in(at: Placed) -> bool:
        above = at.parent
        while above is not None and above is not answer:
            above = above.parent
        return above is answer

    return [at for at in placed if is_in(at)]


def _of_llm(placed: Sequence[Placed], answer: Placed | None) -> dict[str, Any]:
    """What the LLM server's own span says of the parts of its time."""
    if answer is None:
        return {}
    names = {"llm_queue_ms": "queue", "llm_prefill_ms": "model_prefill", "llm_decode_ms": "model_decode"}
    for at in (answer, *_within(placed, answer)):
        seconds = at.span.seconds
        told = {
            ours: seconds[name] * 1e3
            for ours, theirs in names.items()
            if (name := f"gen_ai.latency.time_in_{theirs}") in seconds
        }
        if told:
            return told
    return {}
