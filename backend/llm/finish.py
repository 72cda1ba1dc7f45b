"""The finish reasons of language models: which say that the engine gave an answer up, and which are none."""

from __future__ import annotations

_GIVEN_UP = frozenset(
    {
        "abort", "aborted", "error", "errored", "failed", "failure", "cancelled", "canceled", "cancel", "load_shed",
        "timeout", "timed_out", "overloaded", "internal_error", "server_error", "network_error", "preempted",
        "insufficient_system_resource", "malformed_function_call", "disconnected", "oom", "out_of_memory",
    }
)  # fmt: skip
_NONE = frozenset({"", "null", "none"})


def finish_reason_of(value: object) -> str | None:
    """None while the answer goes on: some servers write the word ``null`` into every chunk."""
    return value if isinstance(value, str) and value.strip().lower() not in _NONE else None


def gave_up(reason: str) -> bool:
    return reason.strip().lower().replace("-", "_") in _GIVEN_UP
