"""What was read of one answer, and which figures will be unknown because something was not in it."""

from collections.abc import Iterator, Mapping
from typing import Final

from ragmeter.core.requests.measures import why_no_tpot
from ragmeter.core.requests.records import STAGE_TIMES, RequestSample

_UNTOLD: Final[Mapping[str, str]] = {
    "prompt_tokens": "no usage.input was found",
    "cached_tokens": "no usage.cached was found",
    "documents": "no sources were found: recall@k and the time to the first source",
    "model_id": "no model_id was found: the manifest's model cannot be checked",
}


def what_was_read(sample: RequestSample) -> str:
    """Of a success, in a line."""
    counted = "unknown" if sample.output_tokens is None else f"{sample.output_tokens} by {sample.token_source}"
    return f"{len(sample.events_ns)} text events, {sample.answer_chars} characters, tokens {counted}"


def untold(sample: RequestSample) -> Iterator[str]:
    """Of a success: names of what is unknown, and why."""
    if (why := why_no_tpot(sample)) is not None:
        yield f"tpot_ms and tokens_per_s: {why}"
    for name, reason in _UNTOLD.items():
        if getattr(sample, name) in (None, ()):
            yield f"{name}: {reason}"
    if missing := [name for name in STAGE_TIMES if getattr(sample.timings, name) is None]:
        yield f"{', '.join(missing)}: no timings were found"
