"""Streams of language models as people meet them, each with what it says: client and backend read them alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ragmeter.core.requests.records import ErrorClass

MAX_TOKENS = 64
"""What each request allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmStream:
    """later: tokens of text after those of the first text event; None where nobody can know. words: of the failure.

    tokens is None where the count is refused; by_events: what the client counts instead of a usage block.
    """

    body: bytes
    text: str = ""
    reasoning: str = ""
    tokens: int | None = None
    by_events: int | None = None
    reasoning_tokens: int | None = None
    cached: int | None = None
    later: int | None = None
    finish: str | None = None
    failure: ErrorClass | None = None
    words: str = ""
    refused: bool = False


def event(payload: Any, name: str | None = None) -> bytes:
    data = payload if isinstance(payload, str) else json.dumps(payload)
    return (f"event: {name}\n" if name else "").encode() + f"data: {data}\n\n".encode()


def chunk(finish: Any = None, usage: Any = None, **delta: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"id": "c", "object": "chat.completion.chunk"}
    made["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return made if usage is None else {**made, "usage": usage}


def usage(output: Any, prompt: Any = 9, reasoning: Any = None, **more: Any) -> dict[str, Any]:
    details = {} if reasoning is None else {"completion_tokens_details": {"reasoning_tokens": reasoning}}
    return {"prompt_tokens": prompt, "completion_tokens": output, **details, **more}


def counted(output: Any, **more: Any) -> bytes:
    return event({"id": "c", "choices": [], "usage": usage(output, **more)})


def words(*each: str, name: str | None = None) -> bytes:
    return b"".join(event(chunk(content=word), name) for word in each)


def thoughts(*each: str, field: str = "reasoning_content") -> bytes:
    return b"".join(event(chunk(**{field: word})) for word in each)


def stops(reason: str = "stop") -> bytes:
    return event(chunk(finish=reason))


ROLE = event(chunk(role="assistant", content=""))
DONE = b"data: [DONE]\n\n"
THREE = words("one ", "two ", "three")
TEXT = "one two three"


def whole(body: bytes, **said: Any) -> LlmStream:
    """A success with the three words and three tokens, unless ``said`` says otherwise."""
    return LlmStream(body=body, **{"text": TEXT, "tokens": 3, "later": 2, "finish": "stop", **said})


def failed(body: bytes, failure: ErrorClass, words_of_it: str) -> LlmStream:
    return LlmStream(body=body, failure=failure, words=words_of_it)


def cut_with(error: Any) -> bytes:
    """Some text, what the server says of its failure, and [DONE] as if nothing had been."""
    return THREE + event(error) + DONE


PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "three"}]
RUNNING = b"".join(event(chunk(content=word, usage=usage(n))) for word, n in (("one ", 2), ("two ", 4), ("three", 7)))
RUNNING_THOUGHTS = b"".join(event(chunk(reasoning=word, usage=usage(n))) for word, n in (("hm", 3), ("so", 8)))
COMPLETION = {"id": "x", "object": "chat.completion", "choices": [{"message": {"content": "hello"}}]}
FASTAPI = {"detail": [{"loc": ["body"], "msg": "too long"}]}

STREAMS = {
    # --- whole answers
    "plain": whole(ROLE + THREE + stops() + counted(3) + DONE),
    "without [DONE]": whole(THREE + stops() + counted(3)),
    "without finish_reason": whole(THREE + counted(3) + DONE, finish=None),
    "cut at max_tokens": whole(THREE + stops("length") + counted(3) + DONE, finish="length"),
    "usage with the finish": whole(THREE + event(chunk(finish="stop", usage=usage(3))) + DONE),
    "an unknown finish": whole(THREE + stops("vibes") + counted(3) + DONE, finish="vibes"),
    "a filtered finish": whole(THREE + stops("content_filter") + counted(3) + DONE, finish="content_filter"),
    "null as a word": whole(
        b"".join(event(chunk(content=w, finish="null")) for w in ("one ", "two ", "three"))
        + stops() + counted(3) + DONE
    ),
    "CRLF": whole((THREE + stops() + counted(3) + DONE).replace(b"\n", b"\r\n")),
    "CR": whole((THREE + stops() + counted(3) + DONE).replace(b"\n", b"\r")),
    "byte order mark": whole(b"\xef\xbb\xbf" + THREE + stops() + counted(3) + DONE),
    "data over several lines": whole(
        b"data: " + json.dumps(chunk(content=TEXT), indent=1).replace("\n", "\ndata: ").encode() + b"\n\n"
        + stops() + counted(3) + DONE
    ),
    "a number that is none": whole(
        event('{"created": NaN, "took": 1e999, "choices": [{"delta": {"content": "one "}}]}')
        + words("two ", "three") + stops() + counted(3) + DONE
    ),
    "bytes that are no UTF-8": whole(
        b'data: {"choices": [{"delta": {"content": "on\xff\xe2\x82"}}]}\n\n' + words("two ", "three") + stops()
        + counted(3) + DONE,
        text="on\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}two three",
    ),
    "a key twice": whole(
        event('{"choices": [{"delta": {"content": "x"}}], "choices": [{"delta": {"content": "one "}}]}')
        + words("two ", "three") + stops() + counted(3) + DONE
    ),
    "delta is null": whole(event({"choices": [{"index": 0, "delta": None}]}) + THREE + stops() + counted(3) + DONE),
    "no last blank line": whole(THREE + stops() + counted(3) + b"data: [DONE]"),
    "comments": whole(b": ping\n\n" + THREE + b":\n\n" + stops() + counted(3) + DONE),
    "empty keep-alives": whole(b"data:\n\n" + THREE + b"data: \n\n" + stops() + counted(3) + DONE),
    "named pings": whole(event({"type": "ping"}) + THREE + event({"object": "ping"}) + stops() + counted(3) + DONE),
    "chunks with a name": whole(
        words("one ", "two ", "three", name="chunk") + event(chunk(finish="stop"), "chunk") + counted(3) + DONE
    ),
    "events of others between": whole(
        event({"tool": "terminal"}, "tool.progress") + THREE + event("not JSON", "other") + stops() + counted(3) + DONE
    ),
    "error is null": whole(
        b"".join(event({**chunk(content=w), "error": None}) for w in ("one ", "two ", "three"))
        + stops() + counted(3) + DONE
    ),
    "filter results without a choice": whole(event({"choices": [], "prompt_filter_results": []}) + THREE + stops()
                                             + counted(3) + DONE),
    "choices are null": whole(event({"id": "c", "choices": None}) + THREE + stops() + counted(3) + DONE),
    "text in parts": whole(
        b"".join(event(chunk(content=[{"type": "text", "text": word}])) for word in ("one ", "two "))
        + event(chunk(content="three")) + stops() + counted(3) + DONE
    ),
    "objects with nothing in them": whole(event({}) + THREE + event("null") + stops() + counted(3) + DONE),
    "blanks around [DONE]": whole(THREE + stops() + counted(3) + b"data:   [DONE]  \n\n"),
    "a filter of one's own name": whole(THREE + stops("moderation_blocked") + counted(3) + DONE,
                                        finish="moderation_blocked"),
    "text after the finish": whole(words("one ", "two ") + stops() + words("three") + counted(3) + DONE),
    "an error after [DONE]": whole(THREE + stops() + counted(3) + DONE + event({"error": "late"})),
    # --- counts
    "no usage": whole(THREE + stops() + DONE, tokens=None, by_events=3, later=None),
    "zeros against text": whole(THREE + stops() + counted(0, prompt=0) + DONE, tokens=None, by_events=3, later=None),
    "a later block without counts": whole(THREE + stops() + counted(3) + event({"choices": [], "usage": {"cost": 1}})
                                          + DONE),
    "a later block that is null": whole(THREE + stops() + counted(3) + event({"choices": [], "usage": None}) + DONE),
    "a later block of zeros": whole(THREE + stops() + counted(3) + counted(0) + DONE),
    "usage told twice": whole(THREE + stops() + counted(3) + counted(3) + DONE),
    "usage without choices": whole(THREE + stops() + event({"id": "c", "usage": usage(3)}) + DONE),
    "usage in the choice": whole(
        THREE + event({"choices": [{"delta": {}, "finish_reason": "stop", "usage": usage(3)}]}) + DONE
    ),
    "usage of Groq": whole(THREE + event({**chunk(finish="stop"), "x_groq": {"usage": usage(3)}}) + DONE),
    "counts by other names": whole(
        THREE + stops() + event({"choices": [], "usage": {"input_tokens": 9, "output_tokens": 3}}) + DONE
    ),
    "counts with a point": whole(THREE + stops() + counted(3.0) + DONE),
    "running usage": whole(RUNNING + stops() + counted(8) + DONE, tokens=8, later=5),
    "several tokens an event": whole(THREE + stops() + counted(9) + DONE, tokens=9, later=8),
    # --- reasoning
    "reasoning, told": whole(
        thoughts("hm", "so") + THREE + stops() + counted(9, reasoning=6) + DONE,
        reasoning="hmso", tokens=9, reasoning_tokens=6, later=2,
    ),
    "reasoning, told by another name": whole(
        thoughts("hm", field="reasoning") + THREE + stops()
        + event({"choices": [], "usage": {"output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 6}}})
        + DONE,
        reasoning="hm", tokens=9, reasoning_tokens=6, later=2,
    ),
    "reasoning, hidden and told": whole(
        THREE + stops() + counted(63, reasoning=60) + DONE, tokens=63, reasoning_tokens=60, later=2
    ),
    "reasoning, counted beside the output": whole(
        THREE + stops() + counted(3, reasoning=40, total_tokens=52) + DONE, tokens=43, reasoning_tokens=40, later=2
    ),
    "reasoning, a token each": whole(
        thoughts("hm ", "so ", "then ") + THREE + stops() + counted(6) + DONE,
        reasoning="hm so then ", tokens=6, reasoning_tokens=3, later=2,
    ),
    "reasoning, running": whole(
        RUNNING_THOUGHTS + event(chunk(content="one two ", usage=usage(10)))
        + event(chunk(content="three", usage=usage(11))) + stops() + counted(12) + DONE,
        reasoning="hmso", tokens=12, reasoning_tokens=8, later=1,
    ),
    "reasoning, untold": whole(
        thoughts("hm so then ") + THREE + stops() + counted(12) + DONE, reasoning="hm so then ", tokens=12, later=None
    ),
    "reasoning, told as none although it came": whole(
        thoughts("hm so then ") + THREE + stops() + counted(12, reasoning=0) + DONE,
        reasoning="hm so then ", tokens=12, later=None,
    ),
    "reasoning in parts": whole(
        words("one ", "two ") + event(chunk(content=PARTS)) + stops() + counted(9, reasoning=6) + DONE,
        reasoning="hm", tokens=9, reasoning_tokens=6, later=2,
    ),
    # --- reasoning between tags in the text
    "think tags, a token each": whole(
        words("<think>", "\n", "hm", "</think>", "\n\n") + THREE + stops() + counted(8) + DONE,
        reasoning="<think>\nhm</think>\n\n", tokens=8, reasoning_tokens=5, later=2,
    ),
    "think tags in pieces": whole(
        words("<", "think", ">", "hm ", "</", "think", ">") + THREE + stops() + counted(10, reasoning=7) + DONE,
        reasoning="<think>hm </think>", tokens=10, reasoning_tokens=7, later=2,
    ),
    "think tags, a second one in the answer": whole(
        words("<think>hm</think>") + words("one <think> ", "two </think> ", "three") + stops() + counted(9, reasoning=4)
        + DONE,
        text="one <think> two </think> three", reasoning="<think>hm</think>", tokens=9, reasoning_tokens=4, later=4,
    ),
    "think tags and the answer in one event": whole(
        words("[THINK]hm", "[/THINK] one ", "two ", "three") + stops() + counted(9) + DONE,
        reasoning="[THINK]hm[/THINK] ", tokens=9, later=None,
    ),
    "think tags, running": whole(
        b"".join(
            event(chunk(content=word, usage=usage(n)))
            for word, n in (("\n<think>", 3), ("so</think>", 8), ("one ", 9), ("two ", 10), ("three", 12))
        )
        + stops() + counted(12) + DONE,
        reasoning="\n<think>so</think>", tokens=12, reasoning_tokens=8, later=3,
    ),
    "tags that an answer speaks of": whole(
        words("one ", "</think> ", "two <think>", "three") + stops() + counted(4) + DONE,
        text="one </think> two <think>three", tokens=4, later=3,
    ),
    "the beginning of a tag that is none": whole(
        words(" <th", "ead>", " is ", "a tag") + stops() + counted(4) + DONE,
        text=" <thead> is a tag", tokens=4, later=3,
    ),
    "an answer that is the beginning of a tag": whole(
        words("<", "think") + stops() + counted(2) + DONE, text="<think", tokens=2, later=1
    ),
    # --- the prompt in the server's cache
    "cached, told": whole(
        THREE + stops() + counted(3, prompt_tokens_details={"cached_tokens": 8}) + DONE, cached=8
    ),
    "cached, told as none": whole(
        THREE + stops() + counted(3, prompt_tokens_details={"cached_tokens": 0}) + DONE, cached=0
    ),
    "cached, all of it": whole(
        THREE + stops() + counted(3, input_tokens_details={"cached_tokens": 9}) + DONE, cached=9
    ),
    "cached, told beside the prompt": whole(THREE + stops() + counted(3, prompt_cache_hit_tokens=4) + DONE, cached=4),
    "cached, untold": whole(THREE + stops() + counted(3, prompt_tokens_details=None) + DONE),
    "cached, more than the prompt": whole(
        THREE + stops() + counted(3, prompt_tokens_details={"cached_tokens": 10}) + DONE, refused=True
    ),
    "cached, no count": whole(
        THREE + stops() + counted(3, prompt_tokens_details={"cached_tokens": -1}) + DONE, refused=True
    ),
    # --- counts that cannot be
    "more than allowed": whole(THREE + stops() + counted(1_000_000) + DONE, tokens=None, later=None, refused=True),
    "more than the text has bytes": whole(THREE + stops() + counted(60) + DONE, tokens=None, later=None, refused=True),
    "more reasoning than tokens": whole(
        THREE + stops() + counted(9, reasoning=11) + DONE,
        tokens=None, reasoning_tokens=11, later=None, refused=True,
    ),
    "fewer than none": whole(THREE + stops() + counted(-5) + DONE, tokens=None, later=None, refused=True),
    "half a token": whole(THREE + stops() + counted(2.5) + DONE, tokens=None, later=None, refused=True),
    "a word for a count": whole(THREE + stops() + counted("3") + DONE, tokens=None, later=None, refused=True),
    "not a number of tokens": whole(
        THREE + stops() + counted(float("nan")) + DONE, tokens=None, later=None, refused=True
    ),
    "infinitely many": whole(THREE + stops() + counted(float("inf")) + DONE, tokens=None, later=None, refused=True),
    "true for a count": whole(THREE + stops() + counted(True) + DONE, tokens=None, later=None, refused=True),
    # --- failures after some text
    "given up": failed(THREE + stops("abort") + counted(3) + DONE, ErrorClass.ABORTED, "'abort'"),
    "error as a finish": failed(THREE + stops("error") + DONE, ErrorClass.ABORTED, "'error'"),
    "given up in capitals": failed(THREE + stops("CANCELLED") + DONE, ErrorClass.ABORTED, "'CANCELLED'"),
    "load shed": failed(THREE + stops("load-shed") + DONE, ErrorClass.ABORTED, "'load-shed'"),
    "given up by an engine's own name": failed(THREE + stops("FINISHED_ABORTED") + DONE, ErrorClass.ABORTED,
                                               "'FINISHED_ABORTED'"),
    "given up in camel case": failed(THREE + stops("requestCancelled") + DONE, ErrorClass.ABORTED, "requestCancelled"),
    "given up in words": failed(THREE + stops("upstream timeout") + DONE, ErrorClass.ABORTED, "'upstream timeout'"),
    "error event without data": failed(THREE + b"event: error\ndata:\n\n" + DONE, ErrorClass.ERROR_EVENT, ""),
    "error event of null": failed(THREE + event("null", "error") + DONE, ErrorClass.ERROR_EVENT, ""),
    "error event with a list": failed(THREE + event(["gone"], "error") + DONE, ErrorClass.ERROR_EVENT, "gone"),
    "error event in capitals": failed(THREE + event({"message": "no"}, "Error") + DONE, ErrorClass.ERROR_EVENT, "no"),
    "exception event": failed(THREE + event({"message": "gone"}, "exception") + DONE, ErrorClass.ERROR_EVENT, "gone"),
    "state that is a failure": failed(cut_with({"id": "c", "choices": [], "status": "failed"}), ErrorClass.ERROR_EVENT,
                                      "failed"),
    "no success": failed(cut_with({"id": "c", "success": False, "choices": []}), ErrorClass.ERROR_EVENT, "success"),
    "error in the delta": failed(cut_with({"choices": [{"delta": {"error": "gone"}}]}), ErrorClass.ERROR_EVENT, "gone"),
    "error in the message": failed(
        cut_with({"choices": [{"delta": {}, "message": {"error": "gone"}}]}), ErrorClass.ERROR_EVENT, "gone"
    ),
    "errors beside a choice": failed(
        cut_with({"choices": [{"delta": {}, "finish_reason": "stop"}], "errors": [{"message": "gone"}]}),
        ErrorClass.ERROR_EVENT, "gone",
    ),
    "error after the finish": failed(THREE + stops() + event({"error": "late"}) + DONE, ErrorClass.ERROR_EVENT, "late"),
    "error object": failed(cut_with({"error": {"message": "engine died"}}), ErrorClass.ERROR_EVENT, "engine died"),
    "error text": failed(cut_with({"error": "out of memory"}), ErrorClass.ERROR_EVENT, "out of memory"),
    "error in the choice": failed(
        cut_with({"choices": [{"delta": {}, "error": {"message": "upstream is gone"}, "finish_reason": "stop"}]}),
        ErrorClass.ERROR_EVENT, "upstream is gone",
    ),
    "object that is an error": failed(cut_with({"object": "error", "message": "no"}), ErrorClass.ERROR_EVENT, "no"),
    "detail": failed(cut_with({"detail": "Internal Server Error"}), ErrorClass.ERROR_EVENT, "Internal Server Error"),
    "detail in a list": failed(cut_with(FASTAPI), ErrorClass.ERROR_EVENT, "too long"),
    "code and message": failed(cut_with({"code": 1305, "message": "overloaded"}), ErrorClass.ERROR_EVENT,
                               "1305: overloaded"),
    "message alone": failed(cut_with({"message": "overloaded"}), ErrorClass.ERROR_EVENT, "overloaded"),
    "error event": failed(THREE + event({"message": "engine died"}, "error") + DONE, ErrorClass.ERROR_EVENT,
                          "engine died"),
    "error event in words": failed(THREE + event("engine died", "error"), ErrorClass.ERROR_EVENT, "engine died"),
    "error without a frame": failed(THREE + b'{"error": {"message": "engine died"}}\n\n', ErrorClass.ERROR_EVENT,
                                    "engine died"),
    "error without a frame, then [DONE]": failed(THREE + b'{"detail": "engine died"}\n\n' + DONE,
                                                 ErrorClass.ERROR_EVENT, "engine died"),
    "an object of nobody": failed(cut_with({"foo": 1}), ErrorClass.PROTOCOL, "foo"),
    "no JSON": failed(THREE + event("{oops") + DONE, ErrorClass.PROTOCOL, "oops"),
    "a list": failed(THREE + event([1]) + DONE, ErrorClass.PROTOCOL, "[1]"),
    "cut": failed(THREE, ErrorClass.TRUNCATED, "without"),
    # --- no answer at all
    "an error and nothing else": failed(b'{"error": {"message": "too long"}}', ErrorClass.ERROR_EVENT, "too long"),
    "a whole completion": failed(json.dumps(COMPLETION).encode(), ErrorClass.EMPTY, "chat.completion"),
    "text of the old API": failed(event({"choices": [{"text": "one"}]}) + stops() + DONE, ErrorClass.EMPTY,
                                  "choices[0].text"),
    "a message for a delta": failed(event({"choices": [{"message": {"content": "one"}}]}) + stops() + DONE,
                                    ErrorClass.EMPTY, "choices[0].message"),
    "only tool calls": failed(
        event(chunk(tool_calls=[{"function": {"name": "f", "arguments": "{}"}}])) + stops("tool_calls") + DONE,
        ErrorClass.EMPTY, "delta.tool_calls",
    ),
    "only a refusal": failed(event(chunk(refusal="I cannot")) + stops() + DONE, ErrorClass.EMPTY, "delta.refusal"),
    "only thoughts between tags": failed(
        words("<think>", "hm") + stops("length") + counted(2) + DONE, ErrorClass.EMPTY, "only reasoning"
    ),
    "only reasoning": failed(thoughts("hm") + stops("length") + counted(1) + DONE, ErrorClass.EMPTY, "only reasoning"),
}  # fmt: skip


def misshapen(told: Any, words_of_it: str) -> LlmStream:
    return failed(THREE + event(told) + stops() + counted(3) + DONE, ErrorClass.PROTOCOL, words_of_it)


MISSHAPEN = {
    "a number as text": misshapen(chunk(content=1), "delta.content is 1, not text"),
    "true as text": misshapen(chunk(content=True), "delta.content is True, not text"),
    "a number among the parts": misshapen(chunk(content=["a", 2]), "a part of delta.content is 2, not text"),
    "a list as delta": misshapen({"choices": [{"delta": []}]}, "delta is [], not an object"),
    "a text as delta": misshapen({"choices": [{"delta": "a"}]}, "delta is 'a', not an object"),
    "null as choice": misshapen({"choices": [None]}, "choices[0] is None, not an object"),
    "an object as choices": misshapen({"choices": {"0": 1}}, "choices is {'0': 1}, not a list"),
    "a number as choices": misshapen({"choices": 3}, "choices is 3, not a list"),
    "a number as finish": misshapen(chunk(finish=7), "finish_reason is 7, not text"),
    "a list as finish": misshapen(chunk(finish=["stop"]), "finish_reason is ['stop'], not text"),
    "false as finish": misshapen(chunk(finish=False), "finish_reason is False, not text"),
    "a list as usage": misshapen({"id": "c", "choices": [], "usage": [1, 2]}, "usage is [1, 2], not an object"),
    "a number as usage": misshapen({"id": "c", "choices": [], "usage": 3}, "usage is 3, not an object"),
    "a text as usage": misshapen({"id": "c", "choices": [], "usage": "3"}, "usage is '3', not an object"),
}
"""What no client of the API can read. A description of a target says where a text stands, and not that nothing else may
stand there: these are of the built-in client and the backend alone.
"""
