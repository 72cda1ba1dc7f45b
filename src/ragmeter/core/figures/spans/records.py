"""What is kept of OpenTelemetry spans: names, lengths and ids. Texts that they may carry, such as prompts, are not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

KEPT_WORDS: Final = (
    "gen_ai.operation.name",
    "gen_ai.tool.name",
    "openinference.span.kind",
    "traceloop.span.kind",
    "llm.request.type",
    "db.system",
    "db.system.name",
)
"""Attributes that say what a span is of."""
KEPT_SECONDS: Final = (
    "gen_ai.response.time_to_first_chunk",
    "gen_ai.latency.time_to_first_token",
    "gen_ai.latency.time_in_queue",
    "gen_ai.latency.time_in_model_prefill",
    "gen_ai.latency.time_in_model_decode",
)
"""Attributes that are times of the LLM, in s: of the conventions, and vLLM's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanTold:
    """One span. Ids are hexadecimal.

    parent_id: empty for none. origin: of its clock, the process that made it, or the service where it does not say
    which. service: its name. began_ns, ended_ns: Unix time by that clock; they are compared with times of the same
    origin alone. first_text_ns: of the event by which an instrumentation marks the first piece of an answer. path: of
    the URL that it asked. words, seconds: those of `KEPT_WORDS` and `KEPT_SECONDS` that it has.
    """

    span_id: str
    parent_id: str
    name: str
    kind: str
    origin: str
    service: str
    began_ns: int
    ended_ns: int
    first_text_ns: int | None = None
    path: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The spans of one request that came while it was waited for."""

    trace_id: str
    spans: tuple[SpanTold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came to the receiver during a run, of all of its requests and of others.

    address: where it listened. others: spans of traces that no request of the run has. left_out: spans beyond what is
    kept. refused: bodies that were refused, by the reason. cpu_s: CPU time that its process took.
    """

    address: str
    spans: int
    others: int = 0
    left_out: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    cpu_s: float | None = None


def all_received(several: Sequence[Received]) -> Received | None:
    """What came to the receivers of the parts of one run; None without any."""
    if not several:
        return None
    refused: Counter[str] = Counter()
    for each in several:
        refused.update(each.refused)
    known = [each.cpu_s for each in several if each.cpu_s is not None]
    return Received(
        address=", ".join(dict.fromkeys(each.address for each in several)),
        spans=sum(each.spans for each in several),
        others=sum(each.others for each in several),
        left_out=sum(each.left_out for each in several),
        refused=dict(refused),
        cpu_s=sum(known) if known else None,
    )
