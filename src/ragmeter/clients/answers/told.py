"""The one place where the JSON of a server is believed or not, and where its words become those of a message."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ragmeter.core.requests.finish import is_failure
from ragmeter.core.requests.records import STAGE_TIMES, ServerTimings

CLOCKS_APART, CLOCKS_READ_MS = 0.01, 1.0
"""How much more of a time two machines may see: by the rates of their clocks, and by when they are read."""
EXCERPT_CHARS = 200
"""How much of a server's own words goes into an error message."""
_NOTHING = ("", "{}", "null")
READ_CHARS = 8 * EXCERPT_CHARS
"""How much of them is looked at: a body may be large, and made of blanks."""


def is_blank(name: str, data: str) -> bool:
    """Whether an event has nothing in it, its name included: neither a failure nor, of a JSON stream, a value."""
    return data.strip() in _NOTHING if name == "message" else not data.strip() and not is_failure(name)


def parsed(text: str | bytes) -> Any:
    """The JSON value; None of what is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def failure_words(payload: Mapping[str, Any]) -> str | None:
    """What a JSON object says of a failure, in the server's own words; None where it says nothing of one.

    Servers write it as ``error`` (an object or a text), as an object that calls itself ``error``, as ``detail``
    (FastAPI), as ``message`` or ``msg``, with or without a code, or as a ``status`` that is one. ``"error": null`` is
    none.
    """
    if payload.get("error") or payload.get("object") == "error" or payload.get("type") == "error":
        return describe_error(payload)
    if is_failure(payload.get("status")) or payload.get("success") is False:
        return json.dumps(payload, ensure_ascii=False)
    for name in ("detail", "errors", "message", "msg", "error_message", "errorMessage"):
        if told := payload.get(name):
            code = next((payload[key] for key in ("code", "status", "error_code") if payload.get(key)), None)
            words = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
            return words if code is None else f"{code}: {words}"
    return None


def describe_error(payload: Mapping[str, Any]) -> str:
    """``type: message`` of an error, whether it is the payload or its ``error`` field, an object or plain text."""
    inner = payload.get("error")
    if isinstance(inner, str):
        return inner
    error = inner if isinstance(inner, dict) else payload
    message = as_text(error.get("message")) or json.dumps(error, ensure_ascii=False)
    kind = as_text(error.get("type"))
    return f"{kind}: {message}" if kind else message


def excerpt(text: str) -> str:
    """At most 200 characters on one line, without what a terminal would obey or UTF-8 cannot hold.

    Of what may hold a secret, mask it first: half of one is not found.
    """
    line = " ".join("".join(each if each.isprintable() else " " for each in text[:READ_CHARS]).split())
    return line if len(line) <= EXCERPT_CHARS else line[: EXCERPT_CHARS - 1] + "…"


def as_text(value: Any) -> str | None:
    """A non-empty string, else None. Half a surrogate pair, which JSON can escape and UTF-8 cannot hold, becomes ?."""
    if not isinstance(value, str) or not value:
        return None
    return value if value.isascii() else value.encode("utf-8", errors="replace").decode("utf-8")


def as_count(value: Any) -> int | None:
    """A whole number from 0 up that a float can hold exactly, else None. JSON has one kind of number: 7.0 is 7."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value) if value == int(value) else None


def within(timings: ServerTimings, took_ms: float | None) -> tuple[ServerTimings, tuple[str, ...]]:
    """The stage times that can be of a request that took so long here, and words about those that cannot.

    took_ms: None where the request was not sent. Two clocks run apart by less than a part in a hundred.
    """
    if took_ms is None:
        return timings, ()
    most_ms = took_ms * (1 + CLOCKS_APART) + CLOCKS_READ_MS
    longer = [name for name in STAGE_TIMES if (getattr(timings, name) or 0.0) > most_ms]
    more = {which: getattr(timings, which) for which in ("further", "later")}
    beyond = [name for stages in more.values() for name, ms in stages if ms > most_ms]
    kept = {which: tuple(stage for stage in stages if stage[1] <= most_ms) for which, stages in more.items()}
    words = tuple(f"timings.{name}: longer than the whole request" for name in (*longer, *beyond))
    changed: dict[str, Any] = {**dict.fromkeys(longer), **kept}
    return replace(timings, **changed), words


def in_ms(value: Any, to_ms: float) -> Any:
    """A time in ms that was told in another unit; what is no time stays as it is, and is refused where it is taken."""
    told = as_ms(value)
    return value if told is None else told * to_ms


def as_ms(value: Any) -> float | None:
    """A finite number from 0 up, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 2**53 else None
