"""What one event of a streamed chat completion says, as OpenAI's client reads it, with what servers write beside it.

Pure. A server of the API may send anything. What does not fit is an OddValueError; what is missing or null says
nothing; an object that is no chunk and says nothing of a failure, such as a ping, is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..strict_json import parse_json, printable
from .finish import is_failure
from .values import OddValueError, list_at, object_at, shown, text_at

_MAX_REASON_CHARS = 80
_REASONING = ("reasoning_content", "reasoning", "thinking")
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens")
_THINKING_PARTS = ("thinking", "reasoning", "reasoning_text")
_WORDS = ("detail", "errors", "message", "msg", "error_message", "errorMessage")
_CODES = ("code", "status", "error_code")
_NAMES = ("object", "type", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The counts of one usage block as they stand in it, believed or not; None is what it does not have."""

    output: Any
    prompt: Any
    reasoning: Any
    cached: Any
    total: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """elsewhere: a place with text from which no client of a chat stream takes the answer."""

    text: str = ""
    reasoning: str = ""
    usage: Usage | None = None
    finish_reason: str | None = None
    elsewhere: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Text of one event of the LLM. `tokens` is how many it carries, where the LLM reports usage with each event.

    is_reasoning: whether it is a thought of the model and no text of the answer.
    """

    text: str
    tokens: int | None
    is_reasoning: bool = False


def parse_event(payload: bytes) -> dict[str, Any]:
    """The object of one event. Raises ValueError for what is no JSON, too. Bytes that are no UTF-8 are replaced, as in
    any stream of events.
    """
    return object_at(parse_json(payload.decode("utf-8", "replace"), any_number=True), "it")


def is_chunk(event: Mapping[str, Any]) -> bool:
    return "choices" in event or isinstance(event.get("usage"), dict)


def chunk_of(event: Mapping[str, Any]) -> Chunk:
    """An object that is no chunk and calls itself something says nothing. Raises OddValueError."""
    choice = _choice_of(event)
    if choice is None:
        return Chunk(usage=_usage_of(event, {}))
    delta = {} if choice.get("delta") is None else object_at(choice["delta"], "delta")
    text, reasoning = _texts(delta)
    return Chunk(
        text=text,
        reasoning=reasoning,
        usage=_usage_of(event, choice),
        finish_reason=_finish_reason_of(choice),
        elsewhere=_elsewhere(choice, delta),
    )


def failure_words(event: Mapping[str, Any]) -> str | None:
    """What an object says of a failure, in the server's own words; None when it says nothing of one."""
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    beside = (choice.get(name) for name in ("delta", "message"))
    for holder in (event, choice, *(each for each in beside if isinstance(each, dict))):
        if holder.get("error") or holder.get("errors") or "error" in (holder.get("object"), holder.get("type")):
            return error_text(holder)
    if choices or isinstance(event.get("usage"), dict):
        return None
    if is_failure(event.get("status")) or event.get("success") is False:
        return error_words(json.dumps(event, ensure_ascii=False))
    told = next((event[name] for name in _WORDS if event.get(name)), None)
    if told is None:
        return None
    code = next((event[name] for name in _CODES if event.get(name)), None)
    words = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    return error_words(words if code is None else f"{code}: {words}")


def error_text(answer: bytes | Mapping[str, Any]) -> str:
    """The message of an OpenAI error object, or the start of whatever it is."""
    parsed: Any = answer
    if isinstance(answer, bytes):
        try:
            parsed = parse_json(answer)
        except ValueError:
            return error_words(answer.decode("utf-8", "replace"))
    error = (parsed.get("error") or parsed) if isinstance(parsed, dict) else parsed
    text = error.get("message", error) if isinstance(error, dict) else error
    return error_words(str(text))


def error_words(text: str, *, max_chars: int = 300) -> str:
    return printable(text[:max_chars])


def _choice_of(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first choice; None in an event without one, such as that of the usage."""
    choices = event.get("choices")
    has_name = any(isinstance(event.get(name), str) for name in _NAMES)
    if choices is None and (has_name or event.get("usage") is not None):
        return None
    listed = list_at(choices, "choices")
    return object_at(listed[0], "choices[0]") if listed else None


def _finish_reason_of(choice: Mapping[str, Any]) -> str | None:
    reason = text_at(choice.get("finish_reason"), "finish_reason")
    return None if reason is None else printable(reason)[:_MAX_REASON_CHARS]


def _usage_of(event: Mapping[str, Any], choice: Mapping[str, Any]) -> Usage | None:
    """Of the first place of those where servers put it, the standard's first."""
    for holder in (event, choice, event.get("x_groq")):
        told = holder.get("usage") if isinstance(holder, dict) else None
        block = {} if told is None else object_at(told, "usage")
        if block:
            return Usage(
                output=_first(block, "completion_tokens", "output_tokens"),
                prompt=_first(block, "prompt_tokens", "input_tokens"),
                reasoning=_first(_details(block, "completion", "output"), "reasoning_tokens"),
                cached=_first(_details(block, "prompt", "input"), *_CACHED),
                total=block.get("total_tokens"),
            )
    return None


def _details(block: Mapping[str, Any], *sides: str) -> Mapping[str, Any]:
    found = _first(block, *(f"{side}_tokens_details" for side in sides))
    return found if isinstance(found, dict) else block


def _first(block: Mapping[str, Any], *names: str) -> Any:
    return next((block[name] for name in names if block.get(name) is not None), None)


def _texts(delta: Mapping[str, Any]) -> tuple[str, str]:
    """Answer text and reasoning text: the content is a string or a list of typed parts."""
    content = delta.get("content")
    beside = next((text for name in _REASONING if (text := _plain(delta.get(name)))), "")
    if content is None or isinstance(content, str):
        return content or "", beside
    parts = list(_parts(content))
    text = "".join(text for text, is_thought in parts if not is_thought)
    return text, beside or "".join(text for text, is_thought in parts if is_thought)


def _parts(content: Any) -> Iterator[tuple[str, bool]]:
    if not isinstance(content, list | dict):
        raise OddValueError(f"delta.content is {shown(content)}, not text")
    for part in [content] if isinstance(content, dict) else content:
        if isinstance(part, dict):
            thinks = part.get("type") in _THINKING_PARTS
            yield _plain(part.get("thinking") if thinks and "thinking" in part else part.get("text")), thinks
        else:
            yield text_at(part, "a part of delta.content") or "", False


def _plain(value: Any) -> str:
    """The text of a string, of an object with text, or of a list of either."""
    if isinstance(value, list):
        return "".join(_plain(each) for each in value)
    if isinstance(value, dict):
        return next((value[name] for name in ("text", "content", "value") if isinstance(value.get(name), str)), "")
    return value if isinstance(value, str) else ""


def _elsewhere(choice: Mapping[str, Any], delta: Mapping[str, Any]) -> str | None:
    message = choice.get("message")
    places = {
        "choices[0].text": choice.get("text"),
        "choices[0].message": message.get("content") if isinstance(message, dict) else None,
        "delta.refusal": delta.get("refusal"),
        "delta.tool_calls": delta.get("tool_calls") or delta.get("function_call"),
    }
    return next((place for place, found in places.items() if found), None)
