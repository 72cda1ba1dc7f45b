"""One chunk of a streamed chat completion, read as OpenAI's client reads it, with what other servers write beside it.

Text is ``choices[0].delta.content``: a string, or a list of typed parts. Text at another place (``choices[0].text``,
``message``, tool calls, a refusal) is no streamed answer, and the failure says where it was.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from ragmeter.clients.answers.reading import Reading
from ragmeter.clients.answers.texts import plain_text, texts_of
from ragmeter.clients.answers.told import as_count, as_text, describe_error, failure_words, in_ms
from ragmeter.core.requests.records import ErrorClass

_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
_TIMES = (
    ("timings", 1.0, {"llm_prefill_ms": "prompt_ms", "llm_decode_ms": "predicted_ms"}),
    (
        "usage",
        1e3,
        {"llm_queue_ms": "queue_time", "llm_prefill_ms": "prompt_time", "llm_decode_ms": "completion_time"},
    ),
)
"""Where a server tells its times, how many ms its unit has, and its names of them."""
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens")


def is_chunk(payload: Mapping[str, Any]) -> bool:
    """Whether the object is a chunk, whatever its event is called."""
    return "choices" in payload or isinstance(payload.get("usage"), dict)


def read_chunk(payload: Mapping[str, Any], at_ns: int, reading: Reading) -> None:
    """Enter one object of the stream. An object that is neither a chunk nor calls itself something is a fault."""
    choice = _choice(payload)
    if (words := _failure(payload, choice)) is not None:
        reading.fail(ErrorClass.ERROR_EVENT, words, at_ns)
        return
    if not is_chunk(payload) and not any(as_text(payload.get(name)) for name in ("object", "type", "id")):
        reading.fail(ErrorClass.PROTOCOL, f"not a chunk of a chat completion: {describe_error(payload)}", at_ns)
        return
    if (words := _misshapen(payload, choice)) is not None:
        reading.fail(ErrorClass.PROTOCOL, f"not a chunk of a chat completion: {words}", at_ns)
        return
    reading.request_id = as_text(payload.get("id")) or reading.request_id
    reading.model_id = as_text(payload.get("model")) or reading.model_id
    tokens = _read_usage(payload, choice, reading)
    _read_times(payload, reading)
    if choice:
        _read_choice(choice, at_ns, reading, tokens)
    if reading.finish_reason is not None:
        reading.over_ns = at_ns


def _choice(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = payload.get("choices")
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _failure(payload: Mapping[str, Any], choice: Mapping[str, Any]) -> str | None:
    """An error beside text is one; words such as ``message`` are, where there is neither a choice nor usage."""
    beside = (choice.get(name) for name in ("delta", "message"))
    for holder in (payload, choice, *(each for each in beside if isinstance(each, dict))):
        if holder.get("error") or holder.get("errors") or holder.get("object") == "error":
            return describe_error(holder)
    return None if choice or isinstance(payload.get("usage"), dict) else failure_words(payload)


def _misshapen(payload: Mapping[str, Any], choice: Mapping[str, Any]) -> str | None:
    """What of a chunk is of another type than a client of the API can read; null is as if it was not there."""
    for name, told, types, kind in _places(payload, choice):
        if told is not None and not isinstance(told, types):
            return f"{name} is {told!r}, not {kind}"
    choices = payload.get("choices")
    return f"choices[0] is {choices[0]!r}, not an object" if choices and choices[0] is not choice else None


def _places(
    payload: Mapping[str, Any], choice: Mapping[str, Any]
) -> Iterator[tuple[str, Any, type | tuple[type, ...], str]]:
    """The name of a place, what stands there, and what may."""
    yield "choices", payload.get("choices"), list, "a list"
    yield "usage", payload.get("usage"), dict, "an object"
    yield "finish_reason", choice.get("finish_reason"), str, "text"
    delta = choice.get("delta")
    yield "delta", delta, dict, "an object"
    content = delta.get("content") if isinstance(delta, dict) else None
    yield "delta.content", content, (str, list, dict), "text"
    for part in content if isinstance(content, list) else ():
        yield "a part of delta.content", part, (str, dict), "text"


def _read_usage(payload: Mapping[str, Any], choice: Mapping[str, Any], reading: Reading) -> int | None:
    """Usage of the whole answer or up to this chunk; the tokens of this chunk if it is the latter.

    A later block without counts takes nothing back.
    """
    usage = next((block for block in _usages(payload, choice) if block), None)
    if usage is None:
        return None
    output = _first(usage, "completion_tokens", "output_tokens")
    prompt = _first(usage, "prompt_tokens", "input_tokens")
    details = _details(usage, "completion", "output")
    told = reading.count("completion_tokens", output)
    thought = reading.count("reasoning_tokens", _first(details, "reasoning_tokens"), reading.reasoning_told)
    told = reading.with_reasoning(told, thought, prompt=as_count(prompt), total=as_count(usage.get("total_tokens")))
    reading.reasoning_told = thought
    reading.take_prompt_tokens(prompt, _first(_details(usage, "prompt", "input"), *_CACHED))
    return reading.take_output_tokens(told)


def _read_times(payload: Mapping[str, Any], reading: Reading) -> None:
    """What the server tells of its own time: llama.cpp in ms, Groq in s beside its counts."""
    beside = payload.get("x_groq")
    for holder in (payload, beside if isinstance(beside, dict) else {}):
        for at, to_ms, names in _TIMES:
            block = holder.get(at)
            if isinstance(block, dict):
                said = {ours: block[name] for ours, name in names.items() if name in block}
                reading.take_timings({ours: in_ms(told, to_ms) for ours, told in said.items()})


def _usages(payload: Mapping[str, Any], choice: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The places where servers put usage, the standard's first."""
    beside = payload.get("x_groq")
    for holder in (payload, choice, beside if isinstance(beside, dict) else {}):
        usage = holder.get("usage")
        if isinstance(usage, dict):
            yield usage


def _first(block: Mapping[str, Any], *names: str) -> Any:
    return next((block[name] for name in names if block.get(name) is not None), None)


def _details(usage: Mapping[str, Any], *sides: str) -> Mapping[str, Any]:
    found = _first(usage, *(f"{side}_tokens_details" for side in sides))
    return found if isinstance(found, dict) else usage


def _read_choice(choice: Mapping[str, Any], at_ns: int, reading: Reading, tokens: int | None) -> None:
    delta = choice.get("delta")
    if isinstance(delta, dict):
        text, thought = _texts(delta)
        reading.add_reasoning(thought, at_ns, tokens=None if text else tokens)
        reading.add_text(text, at_ns, tokens=None if thought else tokens)
    for place, found in _elsewhere(choice, delta if isinstance(delta, dict) else {}):
        reading.elsewhere[place] = reading.elsewhere.get(place, "") + found
    reading.finish(choice.get("finish_reason"), at_ns)


def _texts(delta: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Answer text and reasoning text of a delta."""
    answer, thought = texts_of(delta.get("content"))
    return answer, next((text for name in _REASONING_FIELDS if (text := plain_text(delta.get(name)))), thought)


def _elsewhere(choice: Mapping[str, Any], delta: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Text and what stands for it where no client of a chat stream looks for it."""
    message = choice.get("message")
    whole = plain_text(message.get("content")) if isinstance(message, dict) else None
    found = (
        ("choices[0].text", as_text(choice.get("text"))),
        ("choices[0].message", whole),
        ("delta.refusal", as_text(delta.get("refusal"))),
        ("delta.tool_calls", _called(delta.get("tool_calls") or [delta.get("function_call")])),
    )
    return ((place, text) for place, text in found if text)


def _called(calls: Any) -> str | None:
    """Names and arguments of the functions that are called."""
    objects = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    functions = [call["function"] if isinstance(call.get("function"), dict) else call for call in objects]
    said = chain.from_iterable((each.get("name"), each.get("arguments")) for each in functions)
    return as_text("".join(text for each in said if (text := as_text(each))))
