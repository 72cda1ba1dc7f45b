"""The caches of the measured service in words: what was declared, repeated and measured."""

from typing import Final

from ragmeter.core.run.caches import Caches
from ragmeter.report.words.format import count, interval, quantity

_STATES: Final = {
    "cold": "cold: each request marked as new",
    "warm": "warm: each question asked once before it was measured",
    "natural": "natural: as the questions left them",
    "undeclared": "undeclared",
}
_MARKS: Final = {"cache_salt": "the field cache_salt", "nonce": "a nonce ahead of the prompt"}


def cache_rows(at: Caches) -> tuple[tuple[str, str], ...]:
    """Names and values, for a table."""
    return (
        ("Declared state", _state(at)),
        ("Different questions", f"{count(at.questions)} in {count(at.requests)} requests"),
        ("Repeat a question of the run", quantity(at.repeated_in_run_ratio, "ratio")),
        ("Repeat a question of their trial", quantity(at.repeated_in_trial_ratio, "ratio")),
        ("Hit ratio of the prompt cache", _hits(at)),
    )


def cache_sentence(at: Caches) -> str:
    """All of it on one line."""
    return (
        f"{_state(at)}; {count(at.questions)} different questions, "
        f"{quantity(at.repeated_in_run_ratio, 'ratio')} of the requests repeat one of the run, "
        f"{quantity(at.repeated_in_trial_ratio, 'ratio')} one of their trial; hit ratio {_hits(at)}"
    )


def _state(at: Caches) -> str:
    marked = f" ({_MARKS[at.marked_by]})" if at.marked_by is not None else ""
    return f"{_STATES.get(at.declared, at.declared)}{marked}"


def _hits(at: Caches) -> str:
    if at.hit_ratio.value is None:
        unknown = next((trial.unknown for trial in at.trials if trial.unknown is not None), "no request was measured")
        return f"not measured: {unknown}"
    sources = ", ".join(dict.fromkeys(trial.source for trial in at.trials if trial.source is not None))
    known = at.hit_ratio.low is not None or at.hit_ratio.high is not None
    shown = f" ({interval(at.hit_ratio, 'ratio', bare=True)})" if known else ""
    return f"{quantity(at.hit_ratio.value, 'ratio')}{shown}, by {sources}{_left_out(at)}"


def _left_out(at: Caches) -> str:
    """Which tokens say nothing of the declared state."""
    if at.left_out_first:
        return f", without the first {count(at.left_out_first)} tokens of each prompt, which may be the chat template"
    if at.left_out_last:
        return f", without the last {count(at.left_out_last)} tokens of each prompt, which no cache keeps"
    return ""
