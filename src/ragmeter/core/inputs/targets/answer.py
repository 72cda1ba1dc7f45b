"""Where in an answer stands what is measured: the places of a description, compiled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.targets.places import Place, place_of
from ragmeter.core.requests.records import STAGE_TIMES
from ragmeter.core.requests.stage_names import why_no_stage

Framing = Literal["sse", "ndjson", "named-lines", "text", "json", "messages"]
IDS: Final = ("request_id", "trace_id", "replica_id", "model_id")
_PLAIN: Final = ("text", "reasoning", "tokens", "finish_reason", "error", "refused")
_OF_EVENTS: Final = (*_PLAIN, *IDS, "sources", "usage", "timings", "elsewhere")
_UNITS: Final = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """at: a list. id, score, text: of one item."""

    at: Place
    id: Place
    score: Place | None = None
    text: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """at: the block. The others are places in it."""

    at: Place
    input: Place | None = None
    cached: Place | None = None
    output: Place | None = None
    reasoning: Place | None = None
    total: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """at: the block. ours, further, later: places in it by the names of `ServerTimings`; none at all where the block
    has these names itself. to_ms: of one of its units.
    """

    at: Place
    ours: tuple[tuple[str, Place], ...]
    further: tuple[tuple[str, Place], ...]
    later: tuple[tuple[str, Place], ...]
    to_ms: float

    @property
    def names_places(self) -> bool:
        return bool(self.ours or self.further or self.later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is read of the events of one name, or of all others. is_end: whether the name ends a stream."""

    text: Place | None = None
    reasoning: Place | None = None
    tokens: Place | None = None
    finish_reason: Place | None = None
    error: Place
    refused: Place | None = None
    ids: tuple[tuple[str, Place], ...] = ()
    sources: Sources | None = None
    usage: Usage | None = None
    timings: Timings | None = None
    elsewhere: tuple[tuple[str, Place], ...] = ()
    is_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPlaces:
    """A compiled ``answer`` of a description. named: events by name. others: all that are not; None ignores them.

    text_at: the places of text, for messages. is_countless: whether the number of events says nothing of tokens.
    """

    framing: Framing
    is_json: bool
    is_countless: bool
    event: Place | None
    cumulative: bool
    ignore: Place | None
    end_data: str | None
    end_where: Place | None
    ends_with_response: bool
    named: Mapping[str, Section]
    others: Section | None
    text_at: str

    @property
    def tells_passages(self) -> bool:
        """Whether any event has a place for the text of a passage."""
        sections = [*self.named.values(), *([] if self.others is None else [self.others])]
        return any(at.sources is not None and at.sources.text is not None for at in sections)


def answer_places(answer: Mapping[str, Any], where: str) -> AnswerPlaces:
    """Of an ``answer`` that fits the schema. Raises ConfigError for what can match nothing or never end."""
    framing: Framing = answer.get("framing", "sse")
    end = {key: value for key, value in answer.get("end", {}).items() if value is not None}
    of_all = {key: value for key, value in answer.items() if key in _OF_EVENTS}
    events = {name: own or {} for name, own in answer.get("events", {}).items()}
    if framing == "text":
        _check_unframed(answer, where)
        of_all = {"text": "@"}
    all_names = dict.fromkeys([*events, *([end["event"]] if "event" in end else [])])
    named = {
        name: _section({**of_all, **events.get(name, {})}, name == end.get("event"), f"{where}.events.{name}")
        for name in all_names
    }
    others = _section(of_all, False, where) if of_all else None
    sections = [*named.values(), *([] if others is None else [others])]
    if not any(section.text for section in sections):
        raise ConfigError(f"{where}.text: missing: the place of the text in an event, such as choices[0].delta.content")
    response = end.get("response", not end and framing in {"text", "json"})
    if not end and not response and not any(section.finish_reason for section in sections):
        raise ConfigError(f"{where}.end: missing: what ends a stream: one of data, event, where, response")
    return AnswerPlaces(
        framing=framing,
        is_json=framing != "text" and answer.get("data", "json") == "json",
        is_countless=framing in {"text", "json"},
        event=_place(answer, "event", where),
        cumulative=answer.get("cumulative", False),
        ignore=_place(answer, "ignore", where),
        end_data=end.get("data"),
        end_where=_place(end, "where", f"{where}.end"),
        ends_with_response=bool(response),
        named=named,
        others=others,
        text_at=" or ".join(dict.fromkeys(_texts(of_all, events))),
    )


def _texts(of_all: Mapping[str, Any], events: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [part["text"] for part in (of_all, *events.values()) if part.get("text")]


def _check_unframed(answer: Mapping[str, Any], where: str) -> None:
    """Text without a frame has nothing in which anything else could stand."""
    allowed = ("framing", "end")
    if extra := [key for key in answer if key not in allowed]:
        raise ConfigError(f"{where}.{extra[0]}: has no meaning with framing text; allowed: {', '.join(allowed)}")
    if extra := [key for key in answer.get("end", {}) if key != "response"]:
        raise ConfigError(f"{where}.end.{extra[0]}: has no meaning with framing text; allowed: response")


def _section(document: Mapping[str, Any], is_end: bool, where: str) -> Section:
    plain = {name: _place(document, name, where) for name in _PLAIN}
    ids = ((name, _place(document, name, where)) for name in IDS)
    elsewhere = document.get("elsewhere") or {}
    found = ((name, _place(elsewhere, name, f"{where}.elsewhere")) for name in elsewhere)
    return Section(
        text=plain["text"],
        reasoning=plain["reasoning"],
        tokens=plain["tokens"],
        finish_reason=plain["finish_reason"],
        error=plain["error"] or place_of("error", where),
        refused=plain["refused"],
        ids=tuple((name, place) for name, place in ids if place is not None),
        sources=_sources(document.get("sources"), f"{where}.sources"),
        usage=_usage(document.get("usage"), f"{where}.usage"),
        timings=_timings(document.get("timings"), f"{where}.timings"),
        elsewhere=tuple((name, place) for name, place in found if place is not None),
        is_end=is_end,
    )


def _place(document: Mapping[str, Any], key: str, where: str) -> Place | None:
    text = document.get(key)
    return None if text is None else place_of(text, f"{where}.{key}")


def _needed(document: Mapping[str, Any], key: str, where: str) -> Place:
    return place_of(document.get(key) or "@", f"{where}.{key}")


def _sources(document: Mapping[str, Any] | None, where: str) -> Sources | None:
    if document is None:
        return None
    return Sources(
        at=_needed(document, "at", where),
        id=_needed(document, "id", where),
        score=_place(document, "score", where),
        text=_place(document, "text", where),
    )


def _usage(document: Mapping[str, Any] | None, where: str) -> Usage | None:
    if document is None:
        return None
    counts = ("input", "cached", "output", "reasoning", "total")
    return Usage(at=_needed(document, "at", where), **{name: _place(document, name, where) for name in counts})


def _timings(document: Mapping[str, Any] | None, where: str) -> Timings | None:
    if document is None:
        return None
    stages = ((name, _place(document, name, where)) for name in STAGE_TIMES)
    return Timings(
        at=_needed(document, "at", where),
        ours=tuple((name, place) for name, place in stages if place is not None),
        further=_further(document, "stages", where),
        later=_further(document, "later", where),
        to_ms=_UNITS[document.get("unit", "ms")],
    )


def _further(document: Mapping[str, Any], key: str, where: str) -> tuple[tuple[str, Place], ...]:
    """Of stages that have names of their own. Raises ConfigError for a name that is one of ours."""
    named = document.get(key) or {}
    for name in named:
        if (why := why_no_stage(name)) is not None:
            raise ConfigError(f"{where}.{key}: {why}")
    found = ((name, _place(named, name, f"{where}.{key}")) for name in named)
    return tuple((name, place) for name, place in found if place is not None)
