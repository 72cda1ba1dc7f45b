"""Annotations of GitHub Actions: lines on standard output that its runner shows at the head of the run."""

from collections.abc import Iterable, Iterator
from typing import Final

from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.markdown.inert import Mask
from ragmeter.report.words.bounds import reasons
from ragmeter.report.words.markup import clean
from ragmeter.report.words.naming import reason, run_name

_LEVELS: Final = {
    Outcome.FAIL: "error",
    Outcome.INVALID: "error",
    Outcome.NO_DATA: "error",
    Outcome.INCONCLUSIVE: "warning",
    Outcome.NOT_JUDGED: "warning",
}
_MOST: Final = 10
"""Of each level that GitHub shows of one step."""


def annotation_lines(results: Iterable[RunResult], *, mask: Mask) -> list[str]:
    """A command for each thing that was not shown; at most ten errors and ten warnings, the last of which counts what
    is left out.
    """
    found = [each for result in results for each in _of_run(result, mask)]
    return [line for level in ("error", "warning") for line in _limited([at for at in found if at[0] == level])]


def _of_run(result: RunResult, mask: Mask) -> Iterator[tuple[str, str, str]]:
    if result.status == "interrupted":
        yield "warning", mask(f"interrupted: {run_name(result)}"), mask(reason(result))
    for outcome, words in reasons(result):
        if outcome in _LEVELS:
            title = f"{outcome.value.replace('_', ' ')}: {run_name(result)}"
            yield _LEVELS[outcome], mask(title), mask(words)


def _limited(found: list[tuple[str, str, str]]) -> Iterator[str]:
    kept = found if len(found) <= _MOST else found[: _MOST - 1]
    yield from (command(*at) for at in kept)
    if len(kept) < len(found):
        yield command(found[0][0], "ragmeter", f"{len(found) - len(kept)} more are in the summary")


def command(level: str, title: str, words: str) -> str:
    """``::error title=…::…``, with what the runner would read as more than text escaped as it asks for."""
    return f"::{level} title={_escaped(title, ':,')}::{_escaped(words)}"


def _escaped(text: str, also: str = "") -> str:
    for sign in ("%", "\r", "\n", *also):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return clean(text)


def no_command(line: str) -> str:
    """A line that the runner of GitHub takes for text: the words of a service may look like a command of it."""
    start = line.lstrip()
    return line.replace(start[:2], "\N{RATIO}\N{RATIO}", 1) if start.startswith("::") else line
