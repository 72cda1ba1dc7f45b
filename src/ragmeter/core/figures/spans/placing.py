"""The spans of one request on one time axis, with the stage of each.

Times of two clocks are never subtracted from one another. Where a span was made by another process than its parent, its
length alone is taken: it stands in the middle of its parent, as if the ways there and back took the same. What it holds
is placed by their own clock.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ragmeter.core.figures.spans.naming import LLM, known_stage, own_name
from ragmeter.core.figures.spans.records import SpanTold

OTHER_LLM: Final = "other_llm"
"""Calls of a language model that do not make the answer."""


@dataclass(slots=True, kw_only=True)
class Placed:
    """A span from ``began_ns`` to ``ended_ns`` since the beginning of the request's own span.

    stage: of its own time; None of the request's span and of what is no more than it. is_known: whether a convention
    says the stage, and not the span's name. is_certain: whether its place is; it is not where its parent did not come
    and its clock is another.
    """

    span: SpanTold
    parent: "Placed | None"
    began_ns: int
    ended_ns: int
    stage: str | None = None
    is_known: bool = False
    is_certain: bool = True

    @property
    def length_ns(self) -> int:
        return self.ended_ns - self.began_ns

    @property
    def branch(self) -> "Placed":
        """Of what the request's span holds directly, that which holds this."""
        at = self
        while at.parent is not None and at.parent.parent is not None:
            at = at.parent
        return at


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """entry: the span of the whole request, made by its service; None where it did not come. placed: all others that
    are of it. faults: what of the spans was not as it has to be, in words that stand behind a count of requests.
    """

    entry: Placed | None
    placed: tuple[Placed, ...]
    faults: tuple[str, ...]


def tree_of(spans: Sequence[SpanTold], caller: str) -> Tree:
    """caller: the span id that the client sent in ``traceparent``."""
    faults: list[str] = []
    unique = {span.span_id: span for span in reversed(spans)}
    whole = {name: span for name, span in unique.items() if span.ended_ns >= span.began_ns}
    if len(unique) < len(spans):
        faults.append("have a span that came twice: it counts once")
    if len(whole) < len(unique):
        faults.append("have a span that ends before it begins: it is left out")
    entry = _entry(whole, caller)
    if entry is None:
        faults.append("have no span of the whole request: its stages have lengths and no place")
        return Tree(entry=None, placed=_without_entry(whole), faults=tuple(faults))
    root = Placed(span=entry, parent=None, began_ns=0, ended_ns=entry.ended_ns - entry.began_ns)
    placed, longer = _below(root, whole)
    if longer:
        faults.append("have a span of another process that is longer than what called it: it counts as long as that")
    apart = [span for span in whole.values() if span.span_id not in placed]
    orphans = _orphans(root, apart, whole, caller)
    if len(orphans) > 0:
        faults.append("have a span whose parent did not come: it counts as a part of the request")
        for orphan in orphans:
            placed[orphan.span.span_id] = orphan
            below, _ = _below(orphan, {name: span for name, span in whole.items() if name not in placed})
            placed |= {name: at for name, at in below.items() if name != orphan.span.span_id}
    if len(placed) < len(whole):
        faults.append("have a span beside that of the request, or in a circle of parents: it is left out")
    others = [at for at in placed.values() if at is not root]
    _name_calls(others)
    return Tree(entry=root, placed=tuple(others), faults=tuple(faults))


def _entry(spans: dict[str, SpanTold], caller: str) -> SpanTold | None:
    """The longest that names the client's span as its parent; else that of a server without a parent that came."""
    mine = [span for span in spans.values() if span.parent_id == caller]
    tops = mine or [span for span in spans.values() if span.parent_id not in spans and span.kind == "server"]
    tops = tops or [span for span in spans.values() if not span.parent_id]
    return max(tops, key=lambda span: span.ended_ns - span.began_ns, default=None)


def _below(root: Placed, spans: dict[str, SpanTold]) -> tuple[dict[str, Placed], bool]:
    """The root and all that it holds, by id; whether one of another process is longer than its parent."""
    children: defaultdict[str, list[SpanTold]] = defaultdict(list)
    for span in spans.values():
        if span.span_id != root.span.span_id:
            children[span.parent_id].append(span)
    found, waiting, longer = {root.span.span_id: root}, [root], False
    while waiting:
        parent = waiting.pop()
        for span in children[parent.span.span_id]:
            if span.span_id in found:
                continue
            length_ns = span.ended_ns - span.began_ns
            if span.origin == parent.span.origin:
                began_ns = parent.began_ns + span.began_ns - parent.span.began_ns
            else:
                longer |= length_ns > parent.length_ns
                length_ns = min(length_ns, parent.length_ns)
                began_ns = parent.began_ns + (parent.length_ns - length_ns) // 2
            child = Placed(
                span=span,
                parent=parent,
                began_ns=began_ns,
                ended_ns=began_ns + length_ns,
                is_certain=parent.is_certain,
            )
            _name(child)
            found[span.span_id] = child
            waiting.append(child)
    return found, longer


def _orphans(root: Placed, apart: Sequence[SpanTold], spans: dict[str, SpanTold], caller: str) -> list[Placed]:
    found = []
    for span in apart:
        if span.parent_id in spans or span.parent_id == caller or not span.parent_id:
            continue
        is_certain = span.origin == root.span.origin
        began_ns = span.began_ns - root.span.began_ns if is_certain else 0
        length_ns = span.ended_ns - span.began_ns
        ended_ns = began_ns + (length_ns if is_certain else min(length_ns, root.length_ns))
        orphan = Placed(span=span, parent=root, began_ns=began_ns, ended_ns=ended_ns, is_certain=is_certain)
        _name(orphan)
        found.append(orphan)
    return found


def _without_entry(spans: dict[str, SpanTold]) -> tuple[Placed, ...]:
    """The topmost spans alone: what they hold is a part of them."""
    tops = [span for span in spans.values() if span.parent_id not in spans]
    found = [
        Placed(span=span, parent=None, began_ns=0, ended_ns=span.ended_ns - span.began_ns, is_certain=False)
        for span in tops
    ]
    for at in found:
        _name(at)
    return tuple(found)


def _name(at: Placed) -> None:
    """A call of a language model keeps all that is in it, and any known stage what nothing known says is another."""
    above = at.parent
    if above is not None and above.stage == LLM:
        at.stage, at.is_known = LLM, True
        return
    known = known_stage(at.span)
    if known is not None:
        at.stage, at.is_known = known, True
    elif above is not None and above.is_known:
        at.stage, at.is_known = above.stage, True
    else:
        at.stage = own_name(at.span)


def answering(placed: Sequence[Placed]) -> Placed | None:
    """The call of a language model that makes the answer: the last to end of those that are in no other."""
    calls = [at for at in placed if at.stage == LLM and (at.parent is None or at.parent.stage != LLM)]
    return max(calls, key=lambda at: at.ended_ns, default=None)


def _name_calls(placed: Sequence[Placed]) -> None:
    """A call that does not make the answer is a part of the stage that made it."""
    answer = answering(placed)
    others = {id(at) for at in placed if at.stage == LLM and at is not answer and _call_of(at) is not answer}
    for at in placed:
        if id(at) in others:
            call = _call_of(at)
            above = None if call.parent is None else call.parent.stage
            at.stage = OTHER_LLM if above is None or above == LLM else above


def _call_of(at: Placed) -> Placed:
    """The outermost span of the call that it is a part of."""
    while at.parent is not None and at.parent.stage == LLM:
        at = at.parent
    return at
