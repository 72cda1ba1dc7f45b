"""What spans told, in words: on a few lines, and as the rows of a table."""

from collections.abc import Iterator
from typing import Final

from ragmeter.core.figures.spans.joined import StageTold, Traced
from ragmeter.core.figures.spans.naming import LLM
from ragmeter.core.figures.stages import label_of
from ragmeter.report.words.format import count, quantity

SPAN_HEAD: Final = ("Stage", "Requests", "Until the first token", "After it")
_LONGEST: Final = 5


def span_sentences(at: Traced) -> Iterator[str]:
    """Sentences without their full stops."""
    by = f" by {', '.join(at.services)}" if at.services else ""
    yield f"{count(at.spans)} spans{by} for {count(at.joined)} of {count(at.requests)} requests"
    yield from at.notes
    if at.received is not None and at.received.cpu_s is not None:
        yield f"receiving took {quantity(at.received.cpu_s, 's')} of CPU time in a process of its own"


def longest_stages(at: Traced) -> str | None:
    """The longest stages in a few words; None without one."""
    told = [f"{_label(each.name)} {quantity(_whole(each), 'ms')}" for each in at.stages[:_LONGEST]]
    more = len(at.stages) - _LONGEST
    return None if not told else f"{', '.join(told)}{f' and {more} more' if more > 0 else ''}"


def span_rows(at: Traced) -> list[tuple[str, ...]]:
    return [
        (
            _label(each.name),
            count(each.requests),
            quantity(each.before_mean_ms, "ms"),
            quantity(each.after_mean_ms, "ms"),
        )
        for each in at.stages
    ]


def _label(name: str) -> str:
    return "LLM" if name == LLM else label_of(name)


def _whole(at: StageTold) -> float:
    return at.before_mean_ms + at.after_mean_ms
