"""What an LLM server tells of its own time for one answer, in the names of llama.cpp and of Groq. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LLAMACPP = ("timings", 1.0, {"prefill_ms": "prompt_ms", "decode_ms": "predicted_ms"})
_GROQ = ("usage", 1e3, {"queue_ms": "queue_time", "prefill_ms": "prompt_time", "decode_ms": "completion_time"})
_LONGEST_MS = 2.0**53


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmTimes:
    """In ms; None is what the server does not tell, or tells as something that is no duration.

    queue_ms: until the server began with the request. prefill_ms: until the first token, which ends the reading of the
    prompt. decode_ms: of all tokens after that one.
    """

    queue_ms: float | None = None
    prefill_ms: float | None = None
    decode_ms: float | None = None


NOTHING_TOLD = LlmTimes()


def times_of(event: Mapping[str, Any]) -> LlmTimes | None:
    """Of one event; None where it has none of these names."""
    beside = event.get("x_groq")
    for holder in (event, beside if isinstance(beside, dict) else {}):
        for at, to_ms, names in (_LLAMACPP, _GROQ):
            block = holder.get(at)
            if isinstance(block, dict) and any(name in block for name in names.values()):
                return LlmTimes(**{ours: _scaled(block.get(name), to_ms) for ours, name in names.items()})
    return None


def says_that_it_began(event: Mapping[str, Any]) -> bool:
    """Whether the event tells how far the prompt is read: llama.cpp sends the first as it begins to read it."""
    return isinstance(event.get("prompt_progress"), dict)


def _scaled(value: Any, to_ms: float) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value * to_ms if is_number and 0 <= value < _LONGEST_MS else None
