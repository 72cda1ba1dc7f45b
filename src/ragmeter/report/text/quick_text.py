"""What a first minute of load shows: a row for each number of requests at once, a short block of figures, a guess."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from ragmeter.core.figures.series import Distribution
from ragmeter.core.requests.figure import metric_short
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.verdicts.knee import Guess, LoadStep, sentence_of
from ragmeter.report.words.format import TOO_SMALL, Unit, count, interval, quantity, unit_of_all
from ragmeter.report.words.markup import clean
from ragmeter.report.words.untold import untold, what_was_read

_COLUMNS: Final = ("at once", "answers", "requests/s", "tokens/s", "TTFT p50", "TTFT p95", "TPOT p50", "failed")
_WIDTHS: Final = (9, 8, 11, 9, 11, 11, 10, 7)
_LATENCIES: Final = ("ttft_ms", "tpot_ms", "e2e_ms")
_NAME_WIDTH: Final = 12
ALWAYS_UNKNOWN: Final = (
    "how good the answers are, and recall@k: that needs questions whose right passages are marked",
    "how much it takes of requests that come when they like, and not one after the other: less, as a search finds",
    "what it costs: that needs prices in the provider file",
    "how it is under other questions, longer answers, or for hours: each of these requests was marked as new, so that "
    "no cache answered it",
)


def paragraph(words: str, *, width: int, first: str = "", then: str | None = None) -> list[str]:
    """Lines that fit. first, then: what the first line and the others begin with."""
    later = " " * len(first) if then is None else then
    return wrap(clean(words), width, initial_indent=first, subsequent_indent=later)


def answer_line(question: str, sample: RequestSample, *, width: int) -> list[str]:
    """A question, and what was read of the answer to it."""
    if not sample.ok:
        said = f"failed: {sample.error}: {sample.error_message}"
    else:
        first_ns = sample.events_ns[0] - (sample.sent_ns or 0)
        sources = f", {count(len(sample.documents))} sources" if sample.documents else ""
        whole_ns = sample.ended_ns - (sample.sent_ns or 0)
        took = f"TTFT {quantity(first_ns / 1e6, 'ms')}, whole {quantity(whole_ns / 1e6, 'ms')}"
        said = f"{took}: {what_was_read(sample)}{sources}"
    return [*paragraph(question, width=width, first="  "), *paragraph(said, width=width, first="      ")]


def header_row() -> str:
    return "".join(name.rjust(wide) for name, wide in zip(_COLUMNS, _WIDTHS, strict=True))


def step_row(step: LoadStep) -> str:
    phase = step.figures.phase
    ttft = quantity(phase.ttft_p50_ms, "ms"), quantity(phase.ttft_p95_ms, "ms")
    cells = (
        count(step.concurrency),
        count(phase.success),
        _bare(phase.requests_per_s, "/s"),
        _bare(phase.output_tokens_per_s, "tokens/s"),
        *ttft,
        quantity(phase.tpot_p50_ms, "ms"),
        count(phase.errors),
    )
    return "".join(cell.rjust(wide) for cell, wide in zip(cells, _WIDTHS, strict=True))


def _bare(value: float | None, unit: Unit) -> str:
    return quantity(value, unit).removesuffix(f" {unit}").removesuffix(unit)


def figure_lines(steps: Sequence[LoadStep], *, width: int) -> Iterator[str]:
    """Latencies of one request at a time, with their intervals; the most that came through; what failed."""
    alone = steps[0].figures
    yield f"one at a time ({count(alone.phase.success)} answers)"
    distributions = alone.distributions()
    for name in _LATENCIES:
        said = _cells(distributions[name]) or f"unknown: {alone.unknown.get(name, 'no answer has it')}"
        yield from paragraph(said, width=width, first=f"  {metric_short(name):{_NAME_WIDTH}}")
    most = max(steps, key=lambda step: step.requests_per_s)
    phase = most.figures.phase
    rates = f"{quantity(phase.requests_per_s, '/s').removesuffix('/s').strip()} requests/s"
    if phase.output_tokens_per_s is not None:
        rates += f", {quantity(phase.output_tokens_per_s, 'tokens/s')}"
    yield "all of it"
    yield from paragraph(f"most: {rates}, {count(most.concurrency)} at once", width=width, first=_name("throughput"))
    yield from paragraph(_errors(steps), width=width, first=_name("errors"))


def _name(words: str) -> str:
    return f"  {words:{_NAME_WIDTH}}"


def _cells(at: Distribution) -> str | None:
    if not at.n:
        return None
    unit = unit_of_all(at)
    named = (("p50", at.p50), ("p95", at.p95))
    return "   ".join(
        f"{name} {quantity(each.value, unit)} ({interval(each, unit, bare=True) if each.enough else TOO_SMALL})"
        for name, each in named
    )


def _errors(steps: Sequence[LoadStep]) -> str:
    failed = sum(step.figures.phase.errors for step in steps)
    ended = failed + sum(step.figures.phase.success for step in steps)
    classes: dict[str, int] = {}
    for step in steps:
        for name, times in step.figures.errors_by_class.items():
            classes[name] = classes.get(name, 0) + times
    stopped = classes.pop("interrupted", 0)
    named = ", ".join(f"{name} {count(times)}" for name, times in sorted(classes.items()))
    said = f"{count(failed)} of {count(ended)} requests failed{f' ({named})' if named else ''}"
    return f"{said}; {count(stopped)} were in flight at the end, and count as neither" if stopped else said


def guess_lines(guess: Guess | None, answers: int, seconds: float, finder: str, *, width: int) -> list[str]:
    """finder: what finds it."""
    said = sentence_of(guess)
    if guess is not None:
        said = f"{said}; a guess from {seconds:.0f} s and {count(answers)} answers: {finder}"
    return paragraph(said, width=width, first="capacity: ", then="  ")


def unknown_lines(sample: RequestSample | None, *, width: int) -> Iterator[str]:
    """What this cannot say, and why. sample: an answer of the service."""
    yield "not known"
    for words in (*(untold(sample) if sample is not None else ()), *ALWAYS_UNKNOWN):
        yield from paragraph(words, width=width, first="  - ")
