"""What one stream said, collected event by event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ragmeter.clients.answers.sse import ServerSentEvent
from ragmeter.clients.answers.told import READ_CHARS, as_count, as_ms, as_text, excerpt, parsed
from ragmeter.core.inputs.masking import NO_SECRETS, Secrets
from ragmeter.core.requests.finish import Ending, ending_of, finish_reason_of, is_failure
from ragmeter.core.requests.records import STAGE_TIMES, ErrorClass, ServerTimings
from ragmeter.core.requests.stage_names import MOST_STAGES, why_no_stage

OUTPUT_COUNTS = ("completion_tokens", "token_count")


@dataclass(slots=True)
class Reading:
    """Filled by a dialect while it reads a stream; nothing is read once it ``is_closed`` or has a ``fault``.

    over_ns: arrival of the last of what ends a stream: ``done``; ``finish_reason``, the usage after it, ``[DONE]``.
    widths_ns: how much earlier each of ``events_ns`` may have been; 0 also where nobody can say.
    answer_bytes, reasoning_bytes: of the text in UTF-8: no token of it is less than a byte.
    reasoning_told: reasoning tokens by the usage block. running: tokens of the reasoning events, where the usage that
        comes with each event says so; ``counted`` is how many tokens it had told up to the last event.
    elsewhere: what a chunk had where the text should be, such as tool calls, and the first of it.
    refused: figures of the server that cannot be, in words. count_refused: whether the output tokens are one of them.
    passages: the texts of the documents, in their order; None where they are not told, or not of each.
    said: the text so far, of a stream whose events repeat it. texts, thoughts: of the events that carried answer text
        or reasoning.
    is_countless: whether its events are no deltas of a model, so that their number says nothing of tokens.
    is_closed: whether nothing can follow (``done``, ``[DONE]``).
    fault, fault_ns: the first error event or unreadable event.
    secrets: masked in what is kept of the server's words.
    unknown: names of the events that the dialect does not know.
    """

    events_ns: list[int] = field(default_factory=list)
    events_tokens: list[int | None] = field(default_factory=list)
    widths_ns: list[int] = field(default_factory=list)
    answer_chars: int = 0
    answer_bytes: int = 0
    reasoning_chars: int = 0
    reasoning_bytes: int = 0
    reasoning_events: int = 0
    first_reasoning_ns: int | None = None
    first_source_ns: int | None = None
    documents: tuple[str, ...] = ()
    passages: tuple[str, ...] | None = None
    timings: ServerTimings = field(default_factory=ServerTimings)
    output_tokens: int | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_told: int | None = None
    running: list[int | None] = field(default_factory=list)
    zero_told: bool = False
    counted: int = 0
    finish_reason: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    replica_id: str | None = None
    model_id: str | None = None
    is_predecessor: bool = False
    said: str = ""
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    count_refused: bool = False
    unknown: list[str] = field(default_factory=list)
    events: int = 0
    over_ns: int | None = None
    is_countless: bool = False
    is_closed: bool = False
    fault: tuple[ErrorClass, str] | None = None
    fault_ns: int | None = None
    secrets: Secrets = NO_SECRETS

    def close(self, at_ns: int) -> None:
        self.over_ns, self.is_closed = at_ns, True

    def finish(self, value: object, at_ns: int) -> None:
        """Enter a finish reason. One that says the server gave the answer up is a fault, whatever text came before."""
        reason = finish_reason_of(value)
        if reason is None:
            return
        self.finish_reason = as_text(reason)
        if ending_of(reason) is Ending.FAILED:
            self.fail(ErrorClass.ABORTED, f"the server gave the answer up: finish_reason {reason!r}", at_ns)

    def add_text(self, text: str | None, at_ns: int, *, tokens: int | None) -> None:
        """Count a piece of the answer; one without text is none, whatever its event was called."""
        if text:
            self.events_ns.append(at_ns)
            self.events_tokens.append(tokens)
            self.answer_chars += len(text)
            self.answer_bytes += len(text.encode())
            self.texts.append(text)

    def add_reasoning(self, text: str | None, at_ns: int, *, tokens: int | None) -> None:
        if text:
            self.first_reasoning_ns = at_ns if self.first_reasoning_ns is None else self.first_reasoning_ns
            self.reasoning_events += 1
            self.running.append(tokens)
            self.reasoning_chars += len(text)
            self.reasoning_bytes += len(text.encode())
            self.thoughts.append(text)

    def take_output_tokens(self, told: int | None) -> int | None:
        """Enter how many tokens there were up to now; how many of them are new, if that can be.

        0 is what servers that do not count write: it is no count, and takes back none that was told before.
        """
        self.zero_told = self.zero_told or told == 0
        if told:
            self.output_tokens = told
        new, self.counted = (told or 0) - self.counted, told or self.counted
        return None if told is None or new < 0 else new

    @staticmethod
    def with_reasoning(told: int | None, thought: int | None, *, prompt: int | None, total: int | None) -> int | None:
        """The output tokens, reasoning included: the total shows where a server counts it beside them."""
        if told is None or not thought or total != (prompt or 0) + told + thought:
            return told
        return told + thought

    def take_prompt_tokens(self, prompt: Any, cached: Any) -> None:
        """Enter the length of the prompt, where 0 is no count, and how much of it was in the server's cache."""
        self.prompt_tokens = self.count("prompt_tokens", prompt or None, self.prompt_tokens)
        self.cached_tokens = self.count("cached_tokens", cached, self.cached_tokens)
        if self.cached_tokens and self.prompt_tokens is not None and self.cached_tokens > self.prompt_tokens:
            self.refuse(f"{self.cached_tokens} cached tokens were told of {self.prompt_tokens} prompt tokens")
            self.cached_tokens = None

    def take_passages(self, texts: Sequence[Any]) -> None:
        """Enter the text of each document, where each has one. An empty text is one."""
        told = [text for text in texts if isinstance(text, str)]
        self.passages = tuple(told) if len(told) == len(texts) else None

    def fail(self, error: ErrorClass, message: str, at_ns: int) -> None:
        self.fault, self.fault_ns = (error, self.excerpt(message)), at_ns

    def excerpt(self, text: str) -> str:
        """An excerpt of the server's words, in which no secret is left."""
        return excerpt(self.secrets.mask(text[:READ_CHARS]))

    def count(self, name: str, value: Any, known: int | None = None) -> int | None:
        """A count that the server told: ``known`` where it told none, and words about one that cannot be."""
        if value is None:
            return known
        if (count := as_count(value)) is None:
            self.count_refused = self.count_refused or name in OUTPUT_COUNTS
            self.refuse(f"{name}: {value!r} is not a count")
        return count

    def refuse(self, words: str) -> None:
        if (said := self.excerpt(words)) not in self.refused:
            self.refused.append(said)

    def take_timings(self, value: Any) -> None:
        """The stage times of ``value`` put in. Keys that are not ours and end in ``_ms`` are further stages."""
        if not isinstance(value, dict):
            return
        said = {name: value.get(name) for name in STAGE_TIMES}
        self._put(self._durations(said))
        more = {str(key): told for key, told in value.items() if str(key).endswith("_ms") and key not in said}
        self.take_stages({key.removesuffix("_ms"): told for key, told in more.items()}, later=bool(self.events_ns))

    def take_stages(self, told: Mapping[str, Any], *, later: bool) -> None:
        """Enter stages of other names than ours. later: whether nobody says that they come before the first text."""
        known = {**dict(self.timings.further), **dict(self.timings.later)}
        for name, ms in self._durations(told).items():
            why = why_no_stage(name)
            if why is None and name not in known and len(known) >= MOST_STAGES:
                why = f"{name!r} is beyond the {MOST_STAGES} that a request may have"
            if why is not None:
                self.refuse(f"timings: {why}")
                continue
            which = "later" if later and name not in dict(self.timings.further) else "further"
            known[name] = ms
            stages = {**dict(getattr(self.timings, which)), name: ms}
            self._put({which: tuple(stages.items())})

    def _put(self, known: Mapping[str, Any]) -> None:
        self.timings = replace(self.timings, **known)

    def _durations(self, said: Mapping[str, Any]) -> dict[str, float]:
        """Those that are some, and words about those that cannot be."""
        for name, told in said.items():
            if told is not None and as_ms(told) is None:
                self.refuse(f"timings.{name}: {told!r} is not a duration")
        return {name: ms for name, told in said.items() if (ms := as_ms(told)) is not None}

    def json_object(self, event: ServerSentEvent, at_ns: int) -> dict[str, Any] | None:
        """The event's data; None, and a fault, if it is no JSON object. An error event may be anything, and nothing."""
        payload = parsed(event.data)
        if not isinstance(payload, dict) and is_failure(event.event):
            payload = {"message": event.data or f"an event {event.event!r} without data"}
        if isinstance(payload, dict):
            return payload
        self.fail(ErrorClass.PROTOCOL, f"the data of event {event.event!r} is not a JSON object: {event.data}", at_ns)
        return None
