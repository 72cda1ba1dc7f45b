"""The summary of a session: for each run the verdict, why, six figures with their change, and where the page is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.formatting import number_text
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.markdown.inert import Mask, code, inert, link
from ragmeter.report.words.answer import question
from ragmeter.report.words.bounds import Gate, asked, gate_words, reasons, subject, unmet, value_and_range
from ragmeter.report.words.comparison import conclusions, value_text
from ragmeter.report.words.failures import failure_words
from ragmeter.report.words.format import UNKNOWN, moment, shown, span
from ragmeter.report.words.headline import change_words, changes, headlines
from ragmeter.report.words.naming import reason, run_name

MARKS: Final = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.INCONCLUSIVE: "⚠️",
    Outcome.NO_DATA: "❔",
    Outcome.INVALID: "⛔",
    Outcome.NOT_JUDGED: "⚪",
}
_MOST_RUNS, _MOST_ROWS, _MOST_CAVEATS = 20, 20, 5
_TESTED: Final = (
    "model_id",
    "llm_engine",
    "gpu_model",
    "backend_version",
    "backend_image_tag",
    "docset",
    "k",
    "region",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """A run and the verdicts on it against a baseline or a reference; empty without either."""

    result: RunResult
    gate: Gate = field(default_factory=dict)


def summary_markdown(
    runs: Sequence[Summed],
    comparisons: Sequence[Comparison] = (),
    *,
    mask: Mask,
    notes: Sequence[str] = (),
    address: str | None = None,
) -> str:
    """notes: sentences about the session. address: of the page, where it is known."""
    said = [line for run in runs[:_MOST_RUNS] for line in _run_lines(run, mask)]
    if len(runs) > _MOST_RUNS:
        said += [f"{len(runs) - _MOST_RUNS} further runs are on the page.", ""]
    said += [line for found in comparisons for line in _comparison_lines(found, mask)]
    said += [f"> {inert(mask(words))}" for words in notes]
    said += [""] if notes else []
    said += [link("The page with all figures", address), ""] if address else []
    return "\n".join(said).rstrip() + "\n"


def _run_lines(run: Summed, mask: Mask) -> Iterator[str]:
    result = run.result
    word = result.outcome.value.replace("_", " ")
    yield f"### {MARKS[result.outcome]} {word}: {inert(mask(run_name(result)))}"
    yield ""
    yield f"{inert(mask(reason(result)))}."
    yield ""
    yield from _verdict_table(run, mask)
    yield from _figure_table(run)
    yield from _details(result, mask)


def _verdict_table(run: Summed, mask: Mask) -> Iterator[str]:
    """What was not shown, the worst first, and the SLOs that are met."""
    result = run.result
    found = [(outcome, "", words) for outcome, words in reasons(result)]
    if not result.harness.reasons:
        slos = [(at.outcome, at.slo, words) for at, (_, words) in zip(unmet(result), reasons(result), strict=False)]
        met = [at for at in result.verdicts if at.outcome is Outcome.PASS]
        found = [
            *slos,
            *found[len(slos) :],
            *((at.outcome, at.slo, f"{subject(at)} is {value_and_range(at)}, {asked(at)}") for at in met),
        ]
    if not found:
        return
    yield "| verdict | SLO | measured |"
    yield "| --- | --- | --- |"
    for outcome, slo, words in found[:_MOST_ROWS]:
        named = code(mask(slo)) if slo else ""
        yield f"| {MARKS[outcome]} {outcome.value.replace('_', ' ')} | {named} | {inert(mask(words))} |"
    if (more := len(found) - _MOST_ROWS) > 0:
        yield f"| | | and {more} more |"
    yield ""


def _figure_table(run: Summed) -> Iterator[str]:
    figures = headlines(run.result)
    compared = changes(figures, run.gate)
    if run.gate:
        yield "| figure | now | 95 % interval | before | change |"
        yield "| --- | ---: | --- | ---: | --- |"
    else:
        yield "| figure | value | 95 % interval |"
        yield "| --- | ---: | --- |"
    for at, change in zip(figures, compared, strict=True):
        cells = [at.name, at.value, at.span or UNKNOWN]
        if run.gate:
            before = UNKNOWN if change is None else value_text(change, change.a)
            cells += [before, change_words(change) or UNKNOWN]
        yield f"| {' | '.join(map(inert, cells))} |"
    yield ""
    if run.gate:
        yield f"Against what was measured before: {inert(gate_words(run.gate))}."
        yield ""


def _details(result: RunResult, mask: Mask) -> Iterator[str]:
    if result.capacity is not None:
        yield f"- capacity: {inert(mask(result.capacity.sentence))}"
    for at in result.failures[:_MOST_CAVEATS]:
        yield f"- failed: {inert(mask(failure_words(at)))}"
    yield f"- asked: {inert(_load(result))}"
    known = [(name, result.run_metadata.get(name)) for name in _TESTED]
    told = ", ".join(f"{name} {shown(value)}" for name, value in known if value not in (None, ""))
    if told:
        yield f"- tested: {inert(mask(told))}"
    yield f"- measured: {inert(moment(result.started_at))}, run {inert(mask(result.run_id))}"
    for words in result.caveats[:_MOST_CAVEATS]:
        yield f"- caveat: {inert(mask(words))}"
    yield ""


def _load(result: RunResult) -> str:
    parts = (
        f"{result.measured_requests:,} requests",
        None if result.concurrency is None else f"{result.concurrency} concurrent",
        f"{number_text(result.steps[0].rate_per_s)} to {number_text(result.steps[-1].rate_per_s)} requests/s"
        if result.steps
        else None,
        f"{result.trials} trials" if result.trials > 1 else None,
        None if result.duration_seconds is None else span(result.duration_seconds),
    )
    return ", ".join(part for part in parts if part)


def _comparison_lines(found: Comparison, mask: Mask) -> Iterator[str]:
    yield f"### {inert(mask(question(found)))}"
    yield ""
    for words in conclusions(found):
        yield f"- {inert(mask(words))}"
    yield ""
