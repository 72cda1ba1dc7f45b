"""What each request asked beside its question, as the manifest that was run has it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ragmeter.core.result.result import RunResult
from ragmeter.report.words.format import shown

_NAMES: Final = {
    "temperature": "Temperature",
    "seed": "Seed of the sampling",
    "stop": "Texts that end an answer",
    "system": "System prompt",
    "ignore_eos": "The model's own end is ignored",
    "min_tokens": "Tokens of an answer, at least",
    "limit": "Key of the limit",
    "usage": "Usage block asked for",
    "chat_template_kwargs": "Arguments of the chat template",
}
_LENGTHS: Final = {"input": "Length of a prompt, tokens", "output": "Length of an answer, tokens"}


def asked_rows(result: RunResult) -> list[tuple[str, str]]:
    """Names with values, in the order of the manifest; empty where it states nothing."""
    manifest = result.workload
    model: Mapping[str, Any] = manifest.get("model", {})
    return [
        *((_NAMES.get(key, key), _plain(value)) for key, value in manifest.get("request", {}).items()),
        *((f"Body: {key}", _plain(value)) for key, value in model.get("body", {}).items()),
        *_lengths(manifest.get("lengths", {})),
        *_sessions(manifest.get("sessions", {})),
        *_leaving(manifest.get("leaving", {})),
        *((("Tokenizer", shown(model["tokenizer"])),) if "tokenizer" in model else ()),
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "left out" if value is None else shown(value)


def _lengths(written: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in written.items():
        yield _LENGTHS[key], drawn_words(value)


def _sessions(written: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if written:
        yield "Time to think, s", drawn_words(written.get("think_time", 0))
    if "count" in written:
        yield "Sessions of a trial", shown(written["count"])


def _leaving(written: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if written:
        yield "Share of clients that go away", shown(written["share"])
        yield "They go after, s", drawn_words(written["after"])


def drawn_words(value: Any) -> str:
    """``exponential, mean 8, max 60``; a number as it is."""
    if not isinstance(value, Mapping):
        return shown(value)
    parts = (f"{key} {shown(each)}" for key, each in value.items() if key != "distribution")
    return ", ".join((str(value["distribution"]), *parts))
