"""Every way in which a stream is known to be odd, each with the verdict that a client must reach.

The table is walked by this project's own tests of its client, with tolerance 0 on the counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ragmeter.core.requests.records import ErrorClass, TokenSource
from ragmeter.testing.frames import Encoding, Frame, chunk, usage_of
from ragmeter.testing.plan import Ending, Framing, Plan, gzipped, json_plan
from ragmeter.testing.script import Contract, StreamScript

FrameEdit = Callable[[list[Frame], StreamScript, Contract], list[Frame]]
PlanEdit = Callable[[Plan], Plan]

_SCRIPT = StreamScript(ttft_ms=4.0, itl_ms=1.0, tokens=7)
_BOTH = frozenset(Contract)
_RAG = frozenset({Contract.RAG})
_OPENAI = frozenset({Contract.OPENAI})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The verdict on a request: its error class, its tokens and how they are counted, the events with answer text."""

    error: ErrorClass | None = None
    output_tokens: int | None = None
    token_source: TokenSource = TokenSource.USAGE
    text_events: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """One row: what is odd (``name`` says it), in which wire formats, and the expected verdict.

    after: the oddity that is requested first, on the same connection.
    ends: whether the response ends by itself; where it does not, a client must keep its own deadline.
    """

    name: str
    expected: Expected
    script: StreamScript
    contracts: frozenset[Contract] = _BOTH
    encoding: Encoding = field(default_factory=Encoding)
    edit_frames: FrameEdit = lambda frames, _script, _contract: frames
    edit_plan: PlanEdit = lambda plan: plan
    after: str | None = None
    ends: bool = True


_WHOLE = Expected(output_tokens=7, text_events=7)
_NO_USAGE = Expected(output_tokens=7, token_source=TokenSource.DELTAS, text_events=7)


def _failed(error: ErrorClass, text_events: int = 0) -> Expected:
    return Expected(error=error, text_events=text_events)


def _without_usage(frames: list[Frame], _script: StreamScript, _contract: Contract) -> list[Frame]:
    counts = {"token_count", "prompt_tokens", "n"}

    def strip(frame: Frame) -> Frame:
        if not isinstance(frame.data, dict):
            return frame
        return replace(frame, data={key: value for key, value in frame.data.items() if key not in counts})

    return [strip(frame) for frame in frames if not (isinstance(frame.data, dict) and "usage" in frame.data)]


def _usage_with_finish(frames: list[Frame], script: StreamScript, _contract: Contract) -> list[Frame]:
    kept = [frame for frame in frames if not (isinstance(frame.data, dict) and "usage" in frame.data)]
    finish = kept[-2]
    assert isinstance(finish.data, dict)  # noqa: S101 - the finish chunk stands before [DONE]
    return [*kept[:-2], replace(finish, data={**finish.data, "usage": usage_of(script)}), kept[-1]]


def _up_to_break(frames: list[Frame], script: StreamScript, _contract: Contract) -> list[Frame]:
    texts = [n for n, frame in enumerate(frames) if frame.tokens]
    return frames[: texts[min(script.breaks_after, len(texts)) - 1] + 1] if script.breaks_after else frames[: texts[0]]


def _error_event(frames: list[Frame], script: StreamScript, contract: Contract) -> list[Frame]:
    kept = _up_to_break(frames, script, contract)
    at_ms = kept[-1].at_ms
    error = {"message": "the engine died", "type": "EngineDeadError"}
    if contract is Contract.RAG:
        return [*kept, Frame(at_ms=at_ms, event="error", data=error)]
    return [*kept, Frame(at_ms=at_ms, data={"error": error}), Frame(at_ms=at_ms, data="[DONE]")]


def _bad_json(frames: list[Frame], script: StreamScript, contract: Contract) -> list[Frame]:
    kept = _up_to_break(frames, script, contract)
    return [*kept, replace(kept[-1], data='{"text": "unfinished', tokens=0), *frames[len(kept) :]]


def _without_terminal(frames: list[Frame], _script: StreamScript, contract: Contract) -> list[Frame]:
    return frames[:-1] if contract is Contract.RAG else [frame for frame in frames[:-1] if not _finishes(frame)]


def _finishes(frame: Frame) -> bool:
    return isinstance(frame.data, dict) and any(choice["finish_reason"] for choice in frame.data["choices"])


def _without_text(frames: list[Frame], _script: StreamScript, _contract: Contract) -> list[Frame]:
    return [frame for frame in frames if not frame.tokens]


def _predecessor(frames: list[Frame], script: StreamScript, _contract: Contract) -> list[Frame]:
    """The predecessor's stream: a ``ttft`` event, no ids, deltas counted as tokens, times from the generation on."""
    meta, *tokens, done = frames
    since_generation = {"ttft_ms": script.ttft_ms / 2, "total_ms": done.at_ms - script.ttft_ms / 2}
    assert isinstance(meta.data, dict)  # noqa: S101 - the meta event
    identity = {key: meta.data[key] for key in ("session_id", "request_id", "replica_id", "model_id", "k")}
    documents = [{"content": "…", "meta": {"source": "a.md"}, "score": 0.5}]
    ended = {"timings": since_generation, "token_count": script.text_events, "tokens_per_sec": 100.0}
    return [
        replace(meta, data={**identity, "documents": documents, "timings": {"retrieval_ms": script.ttft_ms / 2}}),
        Frame(at_ms=script.ttft_ms, event="ttft", data={"ttft_ms": script.ttft_ms / 2}),
        *(replace(frame, data={"text": frame.data["text"]}) for frame in tokens if isinstance(frame.data, dict)),
        replace(done, data={**identity, "documents": documents, **ended}),
    ]


def _around_text(*deltas: dict[str, Any]) -> FrameEdit:
    """Puts chunks without answer text before each text event."""

    def edit(frames: list[Frame], _script: StreamScript, _contract: Contract) -> list[Frame]:
        extra = [replace(frames[0], data=chunk("other", delta)) for delta in deltas]
        return [
            part
            for frame in frames
            for part in ([replace(e, at_ms=frame.at_ms) for e in extra] if frame.tokens else []) + [frame]
        ]

    return edit


def _only_reasoning(frames: list[Frame], _script: StreamScript, _contract: Contract) -> list[Frame]:
    thought = chunk("other", {"reasoning_content": "thinking"})
    return [replace(frame, data=thought, tokens=0) if frame.tokens else frame for frame in frames]


def _unknown_events(frames: list[Frame], _script: StreamScript, _contract: Contract) -> list[Frame]:
    noise = Frame(at_ms=0, event="citation", data="not JSON at all")
    return [part for frame in frames for part in (replace(noise, at_ms=frame.at_ms), frame)]


def _without_done_marker(frames: list[Frame], _script: StreamScript, _contract: Contract) -> list[Frame]:
    return frames[:-1]


def _as(document: Plan) -> PlanEdit:
    """Replaces the whole response."""
    return lambda _plan: document


def _with(**changes: Any) -> PlanEdit:
    return lambda plan: replace(plan, **changes)


_ERROR_BODY = {"error": {"message": "out of memory", "type": "InternalServerError"}}
_STREAM = (("content-type", "text/event-stream"),)
_SILENT = Plan(pieces=(), answers=False)


def _row(name: str, expected: Expected, *, script: StreamScript = _SCRIPT, **rest: Any) -> Oddity:
    return Oddity(name=name, expected=expected, script=replace(script, oddity=name), **rest)


_ROWS = (
    _row("steady", _WHOLE),
    _row("role_only_first", _WHOLE, contracts=_OPENAI),
    _row("usage_in_last_chunk", _WHOLE, contracts=_OPENAI),
    _row("usage_with_finish", _WHOLE, contracts=_OPENAI, edit_frames=_usage_with_finish),
    _row("usage_missing", _NO_USAGE, edit_frames=_without_usage),
    _row(
        "several_tokens_per_event",
        Expected(output_tokens=7, text_events=3),
        script=replace(_SCRIPT, tokens_per_event=3),
    ),
    _row("empty_deltas", _WHOLE, contracts=_OPENAI, edit_frames=_around_text({}, {"content": ""}, {"content": None})),
    _row(
        "reasoning_apart",
        _WHOLE,
        contracts=_OPENAI,
        edit_frames=_around_text({"reasoning_content": "hm"}, {"reasoning": "so"}),
    ),
    _row("only_reasoning", Expected(error=ErrorClass.EMPTY, output_tokens=7), contracts=_OPENAI,
         edit_frames=_only_reasoning),
    _row("predecessor", _NO_USAGE, contracts=_RAG, edit_frames=_predecessor),
    _row("unknown_events", _WHOLE, edit_frames=_unknown_events),
    _row("finish_without_done", _WHOLE, contracts=_OPENAI, edit_frames=_without_done_marker),
    _row("split_at_every_byte", _WHOLE, edit_plan=_with(max_write_bytes=1)),
    _row("utf8_split", _WHOLE, edit_plan=_with(max_write_bytes=3)),
    _row("crlf", _WHOLE, encoding=Encoding(newline="\r\n")),
    _row("cr", _WHOLE, encoding=Encoding(newline="\r")),
    _row("byte_order_mark", _WHOLE, encoding=Encoding(bom=True)),
    _row("comments_and_pings", _WHOLE, encoding=Encoding(pings=True)),
    _row("multi_line_data", _WHOLE, encoding=Encoding(multi_line=True)),
    _row("no_last_blank_line", _WHOLE, encoding=Encoding(last_blank=False)),
    _row("gzip", _WHOLE, edit_plan=gzipped),
    _row("continue_first", _WHOLE, edit_plan=_with(preface=b"HTTP/1.1 100 Continue\r\n\r\n")),
    _row("ends_with_connection", _WHOLE, edit_plan=_with(framing=Framing.CONNECTION)),
    _row("never_closed_after_done", _WHOLE, edit_plan=_with(ending=Ending.HANG), ends=False),
    _row("closed_when_idle", _WHOLE, edit_plan=_with(ending=Ending.COMPLETE_THEN_CLOSE), after="closed_when_idle"),
    _row("closed_when_reused", _WHOLE, edit_plan=_with(closes_reused=True), after="closed_when_reused"),
    _row("reused_after_http_error", _WHOLE, after="http_503"),
    _row("reused_after_error_event", _WHOLE, after="error_event"),
    _row("empty_200", _failed(ErrorClass.EMPTY), edit_plan=_with(pieces=())),
    _row("no_text", Expected(error=ErrorClass.EMPTY, output_tokens=7), edit_frames=_without_text),
    _row("cut_midway", _failed(ErrorClass.TRUNCATED, 3), edit_frames=_up_to_break,
         edit_plan=_with(ending=Ending.CUT)),
    _row("shorter_than_declared", _failed(ErrorClass.TRUNCATED, 3), edit_frames=_up_to_break,
         edit_plan=_with(framing=Framing.LENGTH, declared_extra_bytes=10, ending=Ending.CUT)),
    _row("ends_without_terminal_event", _failed(ErrorClass.TRUNCATED, 7), contracts=_RAG,
         edit_frames=_without_terminal),
    _row("ends_without_finish", Expected(error=ErrorClass.TRUNCATED, output_tokens=7, text_events=7),
         contracts=_OPENAI, edit_frames=_without_terminal),
    _row("closed_without_answer", _failed(ErrorClass.TRUNCATED), edit_plan=_as(replace(_SILENT, ending=Ending.CUT))),
    _row("error_event", _failed(ErrorClass.ERROR_EVENT, 3), edit_frames=_error_event),
    _row("data_is_not_json", _failed(ErrorClass.PROTOCOL, 3), edit_frames=_bad_json),
    _row("json_answer", _failed(ErrorClass.PROTOCOL), edit_plan=_as(json_plan(200, {"answer": "42"}))),
    _row("not_http", _failed(ErrorClass.PROTOCOL), edit_plan=_with(preface=b"SSH-2.0-OpenSSH_9.2\r\n")),
    _row("http_500", _failed(ErrorClass.HTTP_STATUS), edit_plan=_as(json_plan(500, _ERROR_BODY))),
    _row("http_503", _failed(ErrorClass.HTTP_STATUS),
         edit_plan=_as(json_plan(503, _ERROR_BODY, headers=(("retry-after", "1"),)))),
    _row("redirect", _failed(ErrorClass.HTTP_STATUS),
         edit_plan=_as(json_plan(307, {}, headers=(("location", "https://elsewhere.example/"),)))),
    _row("hangs_before_headers", _failed(ErrorClass.TIMEOUT), ends=False,
         edit_plan=_as(replace(_SILENT, ending=Ending.HANG))),
    _row("hangs_midway", _failed(ErrorClass.TIMEOUT, 3), ends=False, edit_frames=_up_to_break,
         edit_plan=_with(ending=Ending.HANG)),
    _row("trickles_for_ever", _failed(ErrorClass.TIMEOUT, 3), ends=False, edit_frames=_up_to_break,
         edit_plan=_with(ending=Ending.HANG, trickle_ms=5.0)),
)  # fmt: skip

ODDITIES: Mapping[str, Oddity] = MappingProxyType({row.name: row for row in _ROWS})
"""By name. ``steady`` is the stream as it should be, to compare with."""
