"""A target that is described and not built in: asked by its templates, read at its places."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ragmeter.clients.answers.marks import marked
from ragmeter.clients.answers.reading import Reading
from ragmeter.clients.answers.sse import ServerSentEvent
from ragmeter.clients.answers.texts import plain_text, texts_of
from ragmeter.clients.answers.told import as_count, as_text, describe_error, failure_words, in_ms, is_blank, parsed
from ragmeter.clients.connection.transport import HttpRequest
from ragmeter.core.inputs.body import AS_LIMIT, NOTHING_STATED, RequestBody
from ragmeter.core.inputs.cache import MarkBy
from ragmeter.core.inputs.talks import Talk
from ragmeter.core.inputs.targets.answer import AnswerPlaces, Framing, Section, Sources, Timings, Usage, answer_places
from ragmeter.core.inputs.targets.asking import Asking, Headers, asking_of
from ragmeter.core.inputs.targets.description import TargetDescription
from ragmeter.core.inputs.targets.places import Place, is_true
from ragmeter.core.requests.finish import is_failure
from ragmeter.core.requests.records import ErrorClass

_UNREAD = object()
_NAMELESS = "message"
"""What the standard calls an SSE event without a name, and how every event of another framing is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedDialect:
    """values: of every request: k, docset, max_tokens, model, seed, and what the workload states of the body. stated:
    the same; its system prompt begins the messages unless the description has a place of its own for it. headers: the
    provider's, after its own.

    mark_by: where the mark of a request goes: to the placeholder of this name; a nonce without one goes ahead of the
    prompt.
    """

    name: str
    places: AnswerPlaces
    asking: Asking = field(repr=False)
    values: Mapping[str, Any]
    stated: RequestBody = NOTHING_STATED
    headers: Headers = field(default=(), repr=False)
    mark_by: MarkBy = "nonce"

    @property
    def framing(self) -> Framing:
        return self.places.framing

    @property
    def text_at(self) -> str:
        return self.places.text_at

    @property
    def ends_with_response(self) -> bool:
        return self.places.ends_with_response

    @property
    def tells_passages(self) -> bool:
        return self.places.tells_passages

    def request(
        self, prompt: str, *, max_tokens: int | None = None, mark: str | None = None, talk: Talk | None = None
    ) -> HttpRequest:
        """See `ragmeter.clients.answers.dialects.Dialect`."""
        history = () if talk is None else talk.history
        is_placed = bool(history) or self.mark_by in self.asking.uses
        asked_for = prompt if is_placed else marked(prompt, mark, self.mark_by)
        own = {
            "prompt": asked_for,
            "messages": self._messages(asked_for, history),
            "history": list(history) or None,
            "session_id": None if talk is None else talk.session_id,
            "turn": 1 if talk is None else talk.turn,
            self.mark_by: mark,
        }
        asked = self.asking.request({**self.values, **own, **self._limits(max_tokens)})
        return HttpRequest(
            method=asked.method, path=asked.path, headers=(*asked.headers, *self.headers), body=asked.body
        )

    def _messages(self, question: str, history: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
        has_place = "system" in self.asking.uses
        return (NOTHING_STATED if has_place else self.stated).messages(question, history)

    def _limits(self, max_tokens: int | None) -> Mapping[str, Any]:
        """Of a request that has a limit of its own."""
        if max_tokens is None:
            return {}
        least = {"min_tokens": max_tokens} if self.stated.min_tokens == AS_LIMIT else {}
        return {"max_tokens": max_tokens, **least}

    def is_pause(self, event: ServerSentEvent) -> bool:
        """See `ragmeter.clients.answers.dialects.Dialect`. Blanks are text where events are, and a name that means
        something needs no data.
        """
        blank = is_blank(event.event, event.data) if self.places.is_json else not event.data
        return blank and event.event not in self.places.named and not is_failure(event.event)

    def read(self, event: ServerSentEvent, at_ns: int, reading: Reading) -> None:
        """See `ragmeter.clients.answers.dialects.Dialect`."""
        places = self.places
        reading.is_countless = places.is_countless
        if places.end_data is not None and event.data.strip().startswith(places.end_data):
            reading.close(at_ns)
            return
        payload = self._payload(event, at_ns, reading)
        if payload is _UNREAD:
            return
        name = event.event if places.event is None else as_text(places.event(payload)) or event.event
        section = places.named.get(name)
        if section is None and is_failure(name):
            _fail(payload, at_ns, reading)
            return
        self._read_section(section or places.others, name, payload, at_ns, reading)
        if places.end_where is not None and reading.fault is None and is_true(places.end_where(payload)):
            reading.close(at_ns)

    def _payload(self, event: ServerSentEvent, at_ns: int, reading: Reading) -> Any:
        """`_UNREAD` where there is none: a fault, unless the event has a name that is somebody else's."""
        if not self.places.is_json:
            return event.data
        payload = parsed(event.data)
        if payload is not None:
            return payload
        if is_failure(event.event):
            words = event.data or f"an event {event.event!r} without data"
            reading.fail(ErrorClass.ERROR_EVENT, words, at_ns)
        elif event.event in self.places.named and self.places.named[event.event].is_end:
            reading.close(at_ns)
        elif event.data.strip() == "null":
            pass  # a JSON value with nothing in it
        elif event.event != _NAMELESS and event.event not in self.places.named:
            reading.unknown.append(event.event)
        else:
            reading.fail(ErrorClass.PROTOCOL, f"the data of event {event.event!r} is not JSON: {event.data}", at_ns)
        return _UNREAD

    def _read_section(self, section: Section | None, name: str, payload: Any, at_ns: int, reading: Reading) -> None:
        if section is not None and (error := section.error(payload)) is not None and is_true(error):
            _fail({**payload, "error": error} if isinstance(payload, dict) else error, at_ns, reading)
            return
        found = section is not None and _read(section, payload, at_ns, reading, cumulative=self.places.cumulative)
        if not found and not (section is not None and section.is_end):
            self._read_nothing(name, payload, at_ns, reading)
        elif reading.fault is None and reading.finish_reason is not None:
            reading.over_ns = at_ns
        if section is not None and section.is_end and reading.fault is None:
            reading.close(at_ns)

    def _read_nothing(self, name: str, payload: Any, at_ns: int, reading: Reading) -> None:
        """Of an event that has nothing at the places. One without a name may say that something failed; one of a name
        of its own is somebody else's.
        """
        nameless = name == _NAMELESS and name not in self.places.named
        words = failure_words(payload) if nameless and isinstance(payload, dict) else None
        if words is not None:
            reading.fail(ErrorClass.ERROR_EVENT, words, at_ns)
        elif nameless and self.places.ignore is not None and not is_true(self.places.ignore(payload)):
            said = json.dumps(payload, ensure_ascii=False)
            reading.fail(ErrorClass.PROTOCOL, f"not an event of a {self.name!r} stream: {said}", at_ns)
        else:
            reading.unknown.append(name)


def _fail(payload: Any, at_ns: int, reading: Reading) -> None:
    words = describe_error(payload) if isinstance(payload, dict) else as_text(payload) or str(payload)
    reading.fail(ErrorClass.ERROR_EVENT, words, at_ns)


def _read(section: Section, payload: Any, at_ns: int, reading: Reading, *, cumulative: bool) -> bool:
    """Enter what stands at the places; whether there was anything but ids."""
    for name, place in section.ids:
        if (told := as_text(place(payload))) is not None:
            setattr(reading, name, told)
    found, tokens = (False, None) if section.usage is None else _read_usage(section.usage, payload, reading)
    if section.tokens is not None:
        tokens = reading.count("n", section.tokens(payload))
    if section.text is not None or section.reasoning is not None:
        found |= _read_text(section, payload, at_ns, reading, tokens, cumulative=cumulative)
    if section.sources is not None:
        found |= _read_sources(section.sources, payload, at_ns, reading)
    if section.timings is not None:
        found |= _read_timings(section.timings, payload, reading)
    if section.refused is not None:
        _read_refused(section.refused, payload, reading)
    return found | (section.finish_reason is not None and _read_finish(section.finish_reason, payload, at_ns, reading))


def _read_finish(place: Place, payload: Any, at_ns: int, reading: Reading) -> bool:
    reason = place(payload)
    reading.finish(reason, at_ns)
    return reason is not None


def _read_text(
    section: Section, payload: Any, at_ns: int, reading: Reading, tokens: int | None, *, cumulative: bool
) -> bool:
    content = None if section.text is None else section.text(payload)
    beside = None if section.reasoning is None else plain_text(section.reasoning(payload))
    text, thought = (None, None) if content is None else texts_of(content)
    if cumulative and text is not None:
        whole, text = text, as_text(_what_is_new(text, reading.said))
        reading.said = whole
    thought = beside or thought
    if thought:
        reading.add_reasoning(thought, at_ns, tokens=None if text else tokens)
    if text:
        reading.add_text(text, at_ns, tokens=None if thought else tokens)
        return True
    return _read_elsewhere(section, payload, reading) or content is not None or beside is not None


def _read_elsewhere(section: Section, payload: Any, reading: Reading) -> bool:
    found = [(name, text) for name, place in section.elsewhere if (text := plain_text(place(payload)))]
    for name, text in found:
        reading.elsewhere[name] = reading.elsewhere.get(name, "") + text
    return bool(found)


def _what_is_new(text: str, said: str) -> str:
    """Of a text that repeats what was said; a text that begins anew is all new."""
    return text.removeprefix(said)


def _read_usage(usage: Usage, payload: Any, reading: Reading) -> tuple[bool, int | None]:
    """Whether there was a block, and the tokens that are new with it, if that can be told."""
    block = usage.at(payload)
    if not is_true(block):
        return False, None
    prompt, total = _at(usage.input, block), _at(usage.total, block)
    output, thinking, cached = _at(usage.output, block), _at(usage.reasoning, block), _at(usage.cached, block)
    told = reading.count("completion_tokens", output)
    thought = reading.count("reasoning_tokens", thinking, reading.reasoning_told)
    told = reading.with_reasoning(told, thought, prompt=as_count(prompt), total=as_count(total))
    reading.reasoning_told = thought
    reading.take_prompt_tokens(prompt, cached)
    return any(value is not None for value in (output, prompt, thinking)), reading.take_output_tokens(told)


def _at(place: Place | None, block: Any) -> Any:
    return None if place is None else place(block)


def _read_sources(sources: Sources, payload: Any, at_ns: int, reading: Reading) -> bool:
    listed = sources.at(payload)
    if not isinstance(listed, list) or not listed:
        return False
    if sources.score is not None:
        listed = sorted(listed, key=lambda item: _score(sources.score, item), reverse=True)
    reading.first_source_ns = reading.first_source_ns or at_ns
    named = [(text, item) for item in listed if (text := _id(sources.id(item))) is not None]
    reading.documents = tuple(name for name, _ in named)
    if sources.text is not None:
        reading.take_passages([plain_text(sources.text(item)) for _, item in named])
    return True


def _id(value: Any) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else as_text(value)


def _score(place: Place | None, item: Any) -> float:
    value = _at(place, item)
    return value if isinstance(value, int | float) else float("-inf")


def _read_timings(timings: Timings, payload: Any, reading: Reading) -> bool:
    block = timings.at(payload)
    if not timings.names_places:
        told = block if isinstance(block, dict) else {}
        reading.take_timings({name: in_ms(value, timings.to_ms) for name, value in told.items()})
        return any(value is not None for value in told.values())
    read = [
        {name: in_ms(place(block), timings.to_ms) for name, place in places}
        for places in (timings.ours, timings.further, timings.later)
    ]
    reading.take_timings(read[0])
    reading.take_stages(read[1], later=False)
    reading.take_stages(read[2], later=True)
    return any(value is not None for told in read for value in told.values())


def _read_refused(place: Place, payload: Any, reading: Reading) -> None:
    """What the service itself refused of a count: there is then none, and not because nobody counts."""
    told = place(payload)
    for words in told if isinstance(told, list) else []:
        reading.refuse(f"the LLM's count: {as_text(words)}")
        reading.count_refused = reading.count_refused or reading.output_tokens is None


def described_dialect(
    described: TargetDescription,
    *,
    values: Mapping[str, Any],
    headers: Headers = (),
    stated: RequestBody = NOTHING_STATED,
    mark_by: MarkBy = "nonce",
) -> DescribedDialect:
    """values, stated, mark_by: see `DescribedDialect`."""
    return DescribedDialect(
        name=described.name,
        places=answer_places(described.document["answer"], described.name),
        asking=asking_of(described.document, described.name),
        values=values,
        stated=stated,
        headers=headers,
        mark_by=mark_by,
    )
