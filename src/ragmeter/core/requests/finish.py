"""The terminal states of a generation: which finish reasons end an answer, which give it up, and which nobody knows.

One table, for every dialect. The four of OpenAI's API and the names that other engines have for them are ends; what an
engine says when it gave a request up is a failure, whatever text came before it.
"""

import re
from enum import StrEnum


class Ending(StrEnum):
    """What a finish reason says of the answer.

    FILTERED: a content filter cut it: neither the whole answer nor a fault of the service, counted apart.
    UNKNOWN: a reason that is not in the table: taken for an end, and named in a warning.
    """

    WHOLE = "whole"
    FILTERED = "filtered"
    FAILED = "failed"
    UNKNOWN = "unknown"


_REASONS = {
    Ending.WHOLE: (
        "stop", "length", "tool_calls", "function_call",  # OpenAI
        "eos", "eos_token", "stop_sequence", "end_turn", "max_tokens", "tool_use", "model_length", "complete",
    ),
    Ending.FILTERED: (
        "content_filter", "content_filtered", "safety", "sensitive", "recitation", "blocklist", "prohibited_content",
        "guardrail_intervened", "refusal",
    ),
    Ending.FAILED: (
        "abort", "aborted", "error", "errored", "failed", "failure", "cancelled", "canceled", "cancel", "load_shed",
        "timeout", "timed_out", "overloaded", "internal_error", "server_error", "network_error", "preempted",
        "insufficient_system_resource", "malformed_function_call", "disconnected", "oom", "out_of_memory",
    ),
}  # fmt: skip
_ENDINGS = {reason: ending for ending, reasons in _REASONS.items() for reason in reasons}
_FAILED_STEMS = (
    "abort", "error", "fail", "cancel", "timeout", "overload", "disconnect", "preempt", "crash", "exception", "fault",
)  # fmt: skip
_FILTERED_STEMS = ("filter", "moderat", "safety", "guardrail", "blocked", "prohibited")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NONE = {"", "null", "none"}


def finish_reason_of(value: object) -> str | None:
    """The finish reason that a server's value is; None while the answer goes on.

    Some servers write the word ``null`` into every chunk.
    """
    return value if isinstance(value, str) and value.strip().lower() not in _NONE else None


def ending_of(reason: str) -> Ending:
    """By the table, in which upper and lower case are the same, and so are ``-`` and ``_``; else by its words: engines
    have names of their own, such as ``FINISHED_ABORTED`` or ``upstreamError``.
    """
    known = _ENDINGS.get(reason.strip().lower().replace("-", "_"))
    return known or _by_words([word.lower() for word in _WORDS.findall(reason)])


def _by_words(words: list[str]) -> Ending:
    if any(word.startswith(_FAILED_STEMS) for word in words):
        return Ending.FAILED
    return Ending.FILTERED if any(word.startswith(_FILTERED_STEMS) for word in words) else Ending.UNKNOWN


def is_failure(name: object) -> bool:
    """Whether an event of this name, or an object in this state, is a failure: by the table alone, since the words of
    others, such as ``tool.error``, say nothing of the answer.
    """
    return isinstance(name, str) and (
        _ENDINGS.get(name.strip().lower()) is Ending.FAILED or name.strip().lower() == "exception"
    )
