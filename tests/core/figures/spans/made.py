"""Spans made by hand, in ms, for tests of what is computed from them."""

from typing import Any

from ragmeter.core.figures.spans.records import SpanTold

CALLER = "00000000000000ff"
MS = 1_000_000
NOON_NS = 1_800_000_000_000_000_000
"""Unix time at 0 of the clock of the service that is called first."""


def span(
    name: str,
    began_ms: float,
    ended_ms: float,
    *,
    parent: str = "root",
    own: str = "",
    skew_ms: float = 0.0,
    **more: Any,
) -> SpanTold:
    """own: its id; the name without one. skew_ms: of its clock. operation, first: attributes of the conventions."""
    words = {"gen_ai.operation.name": more.pop("operation")} if "operation" in more else {}
    seconds = {"gen_ai.response.time_to_first_chunk": more.pop("first_ms") / 1e3} if "first_ms" in more else {}
    fields: dict[str, Any] = {
        "kind": "internal",
        "origin": "rag 1",
        "service": "rag",
        "words": words,
        "seconds": seconds,
    }
    return SpanTold(
        span_id=own or name,
        parent_id=parent,
        name=name,
        began_ns=NOON_NS + round((began_ms + skew_ms) * MS),
        ended_ns=NOON_NS + round((ended_ms + skew_ms) * MS),
        **{**fields, **more},
    )


def root(ended_ms: float, **more: Any) -> SpanTold:
    """The span of the whole request."""
    return span("POST /chat", 0, ended_ms, own="root", **{"parent": CALLER, "kind": "server", **more})
