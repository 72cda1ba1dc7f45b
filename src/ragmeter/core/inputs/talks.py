"""Conversations: several questions of one user, each sent with what was said before; and users who go away."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.drawn import Drawn, drawn_from
from ragmeter.core.inputs.questions.prompts import SCHEMA, Prompt, prompt_of
from ragmeter.core.inputs.targets.description import TargetDescription
from ragmeter.core.schema import check

_WITHOUT: Final[Mapping[str, str]] = {
    "prompts": "its turns are the questions",
    "prompts_file": "its turns are the questions",
    "lengths": "its turns are as long as they are written",
}
_SHAPES: Final = ("closed", "constant", "poisson", "gamma", "bursts", "ramp")
KEEPERS: Final = ("messages", "history", "session_id")
"""Placeholders of a description by which a service knows what was said before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """turns: of each script, how many questions it has; all questions follow one another in the workload's prompts.

    count, warmup: sessions of a trial and of the warm-up. think: seconds from the end of an answer to the next turn.
    """

    turns: tuple[int, ...]
    count: int
    warmup: int
    think: Drawn

    def first_prompt(self, script: int) -> int:
        """The index of the first question of a script among the prompts."""
        return sum(self.turns[:script])

    def script_of(self, prompt_index: int) -> int:
        """The script that a prompt is of."""
        for script, turns in enumerate(self.turns):
            if prompt_index < turns:
                return script
            prompt_index -= turns
        raise ValueError(f"there are no prompts beyond {sum(self.turns)}")

    @property
    def mean_turns(self) -> float:
        return sum(self.turns) / len(self.turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Clients that go away. share: of the requests. after: seconds from the send of such a request."""

    share: float
    after: Drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a request says of its conversation. turn: from 1. history: the messages before, as chat messages."""

    session_id: str
    turn: int
    history: tuple[Mapping[str, str], ...] = ()


Scripts = Sequence[Sequence[Prompt]]
"""Conversations: each question of one is a prompt."""


def scripts_of(document: Mapping[str, Any], where: str) -> Scripts:
    """Of a manifest that has them itself; empty where they are in a file."""
    written = document.get("sessions", {}).get("turns", ())
    return tuple(tuple(_turn(turn, f"{where}: $.sessions.turns") for turn in script) for script in written)


def scripts_of_file(text: str, *, path: str) -> Scripts:
    """A script a line, as JSON: ``{"turns": ["…", {"prompt": "…", "relevant": ["…"]}]}``. Raises ConfigError."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            document = json.loads(line)
        except ValueError as error:
            raise ConfigError(f"{where}: not JSON: {error}") from error
        check(document, session_schema, where)
        found.append(tuple(_turn(turn, where) for turn in document["turns"]))
    if not found:
        raise ConfigError(f"{path}: has no sessions")
    return tuple(found)


def _turn(written: Any, where: str) -> Prompt:
    if isinstance(written, str):
        return Prompt(text=written)
    check(written, SCHEMA, where)
    return prompt_of(written)


def sessions_from(
    effective: Mapping[str, Any],
    scripts: Scripts,
    described: TargetDescription | None,
    *,
    warmup_requests: int,
    where: str,
) -> Sessions | None:
    """Of a manifest that fits its schema. scripts: of its own, or of its file. Raises ConfigError for what has no
    meaning with sessions.
    """
    written = effective.get("sessions")
    if written is None:
        return None
    _check_others(effective, where)
    if described is not None and not set(KEEPERS) & set(described.uses):
        raise ConfigError(
            f"{where}: $.sessions: target {described.name} has none of {', '.join(f'{{{name}}}' for name in KEEPERS)}: "
            "each turn would be a question without what was said before"
        )
    turns = tuple(len(script) for script in scripts)
    warm = taken = 0
    while taken < warmup_requests:
        taken += turns[warm % len(turns)]
        warm += 1
    think = drawn_from(written.get("think_time", 0), f"{where}: $.sessions.think_time")
    return Sessions(turns=turns, count=written.get("count", len(turns)), warmup=warm, think=think)


def _check_others(effective: Mapping[str, Any], where: str) -> None:
    for key, why in _WITHOUT.items():
        if key in effective:
            raise ConfigError(f"{where}: $.{key}: has no meaning with $.sessions: {why}")
    if "requests" in effective["benchmark"]:
        raise ConfigError(
            f"{where}: $.benchmark.requests: {effective['benchmark']['requests']} has no meaning with $.sessions; "
            "write $.sessions.count"
        )
    load = effective.get("load", {})
    shape = load.get("shape", "closed")
    if shape not in _SHAPES or "search" in load:
        key, value = ("search", "a search") if "search" in load else ("shape", repr(shape))
        raise ConfigError(f"{where}: $.load.{key}: {value} does not go with $.sessions; shapes: {', '.join(_SHAPES)}")
    state = effective.get("cache", {}).get("kv", "natural")
    if state != "natural":
        raise ConfigError(
            f"{where}: $.cache.kv: {state!r} cannot be made with $.sessions: each turn finds what the turns before it "
            "left; write 'natural'"
        )


def leaving_from(effective: Mapping[str, Any], where: str) -> Leaving | None:
    """Of a manifest that fits its schema. Raises ConfigError."""
    written = effective.get("leaving")
    if written is None:
        return None
    return Leaving(share=float(written["share"]), after=drawn_from(written["after"], f"{where}: $.leaving.after"))


session_schema: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["turns"],
    "properties": {
        "turns": {"type": "array", "minItems": 1, "items": {"type": ["string", "object"], "minLength": 1}},
    },
}
