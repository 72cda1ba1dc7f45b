"""What a session ends with: for each run the outcome, why, and six figures; then the files."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.result.result import RunResult
from ragmeter.report.text.fitting import INDENT, NAMES_WIDTH, Page
from ragmeter.report.words.answer import question
from ragmeter.report.words.bounds import Gate, gate_words, reasons
from ragmeter.report.words.comparison import conclusions
from ragmeter.report.words.failures import failure_words
from ragmeter.report.words.format import count
from ragmeter.report.words.headline import Headline, change_words, changes, headlines
from ragmeter.report.words.markup import clean
from ragmeter.report.words.naming import reason, run_name

_MOST_REASONS = 8


def verdict_block(result: RunResult, gate: Gate, *, width: int, colour: bool) -> list[str]:
    """Outcome, failed SLOs in words, six figures. gate: the verdicts against a baseline or a reference."""
    page = Page(width=max(width, 40), colour=colour)
    return [
        *page.outcome(result.outcome, run_name(result)),
        *page.paragraph(f"{reason(result)}."),
        *_reason_lines(result, page),
        *(page.entry("failed", ", ".join(map(failure_words, result.failures))) if result.failures else ()),
        *(page.entry("capacity", result.capacity.sentence) if result.capacity else ()),
        *page.columns([_cell(at, words) for at, words in _with_changes(headlines(result), gate)]),
        *(page.entry("compared", gate_words(gate)) if gate else ()),
    ]


def _reason_lines(result: RunResult, page: Page) -> Iterator[str]:
    found = reasons(result)
    for outcome, words in found[:_MOST_REASONS]:
        yield from page.outcome(outcome, words, indent=INDENT)
    if (more := len(found) - _MOST_REASONS) > 0:
        yield from page.paragraph(f"and {count(more)} more above")


def _with_changes(figures: Sequence[Headline], gate: Gate) -> Iterator[tuple[Headline, str]]:
    for at, change in zip(figures, changes(figures, gate), strict=True):
        yield at, change_words(change)


def _cell(at: Headline, change: str) -> tuple[str, str]:
    return at.name, f"{at.words}, {change}" if change else at.words


def run_line(result: RunResult, *, colour: bool) -> str:
    """One line on a run: outcome, name, the first reason with how many others decide alike, the figures."""
    page = Page(width=1_000_000, colour=colour)
    found = reasons(result)
    first, second, third, *rest = headlines(result)
    figures = f"{first.name} {first.value}, {second.name} {second.value}, {third.name} {third.value}"
    figures += "".join(f", {at.name} {at.value}" for at in rest)
    alike = sum(outcome is found[0][0] for outcome, _ in found)
    more = f" (and {alike - 1} more)" if alike > 1 else ""
    why = f"{found[0][1]}{more}; " if found else ""
    why += "interrupted; " if result.status == "interrupted" else ""
    return page.outcome(result.outcome, f"{run_name(result)}: {why}{figures}")[0]


def comparison_block(found: Comparison, *, width: int) -> list[str]:
    """The question and what the comparison comes down to."""
    page = Page(width=max(width, 40), colour=False)
    said = [line for words in conclusions(found) for line in page.paragraph(words)]
    return [*page.paragraph(question(found), first=""), *said]


def paragraph(words: str, *, width: int) -> list[str]:
    """A sentence about the session, whose paths stay in one piece."""
    room = max(width, 40) - len(INDENT)
    return [f"{INDENT}{line}" for line in wrap(clean(words), room, break_long_words=False, break_on_hyphens=False)]


def file_lines(paths: Sequence[str]) -> list[str]:
    """The pages, then the other files; those that differ in their endings alone are written as a shell expands them."""
    pages = [path for path in paths if path.endswith(".html")]
    others = [path for path in paths if path not in pages]
    named = [("page" if number == 0 else "", path) for number, path in enumerate(pages)]
    named += [("files" if number == 0 else "", path) for number, path in enumerate(_together(others))]
    return [f"{INDENT}{name.ljust(NAMES_WIDTH)}{path}" for name, path in named]


def _together(paths: Sequence[str]) -> list[str]:
    """``a/b.{json,xml}`` of ``a/b.json`` and ``a/b.xml``."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        folder, slash, name = path.rpartition("/")
        stem, dot, ending = name.partition(".") if ".comparison." not in name else (name, "", "")
        groups.setdefault(f"{folder}{slash}{stem}{dot}", []).append(ending)
    return [
        f"{start}{{{','.join(endings)}}}" if len(endings) > 1 else f"{start}{endings[0]}"
        for start, endings in groups.items()
    ]
