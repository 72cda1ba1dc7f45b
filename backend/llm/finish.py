"""The finish reasons of language models: which say that the engine gave an answer up, and which are none."""

from __future__ import annotations

import re

_GIVEN_UP = frozenset(
    {
        "abort", "aborted", "error", "errored", "failed", "failure", "cancelled", "canceled", "cancel", "load_shed",
        "timeout", "timed_out", "overloaded", "internal_error", "server_error", "network_error", "preempted",
        "insufficient_system_resource", "malformed_function_call", "disconnected", "oom", "out_of_memory",
    }
)  # fmt: skip
_STEMS = (
    "abort", "error", "fail", "cancel", "timeout", "overload", "disconnect", "preempt", "crash", "exception", "fault",
)  # fmt: skip
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NONE = frozenset({"", "null", "none"})


def finish_reason_of(value: object) -> str | None:
    """None while the answer goes on: some servers write the word ``null`` into every chunk."""
    return value if isinstance(value, str) and value.strip().lower() not in _NONE else None


def gave_up(reason: str) -> bool:
    """By the table, else by its words: an engine has names of its own, such as ``FINISHED_ABORTED``."""
    known = reason.strip().lower().replace("-", "_") in _GIVEN_UP
    return known or any(word.lower().startswith(_STEMS) for word in _WORDS.findall(reason))


def is_failure(name: object) -> bool:
    """Whether an event of this name, or an object in this state, is a failure."""
    return isinstance(name, str) and (name.strip().lower() in _GIVEN_UP or name.strip().lower() == "exception")
