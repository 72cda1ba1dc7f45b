"""The compact summary that ends a test session on a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, cycle, pairwise
from typing import Final

from ragmeter.core.client.harness import Harness
from ragmeter.core.compare.edge import Edge
from ragmeter.core.figures.attribution import Attribution
from ragmeter.core.figures.replicas import Replica
from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.stages import Stage
from ragmeter.core.money.cost import Cost
from ragmeter.core.requests.figure import metric_label, metric_short
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.metadata import declared_fields
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.core.verdicts.step_verdicts import sweep_sentence
from ragmeter.core.verdicts.steps import Step
from ragmeter.report.text.fitting import CELL_WIDTH, INDENT, NAMES_WIDTH, Page
from ragmeter.report.words.breakdown import beside_waterfall, between
from ragmeter.report.words.calibration import floors, load
from ragmeter.report.words.edge import edge_cells, edge_interval
from ragmeter.report.words.failures import failure_words
from ragmeter.report.words.format import (
    TOO_SMALL,
    Unit,
    count,
    figure,
    interval,
    percent,
    quantity,
    span,
    unit_of,
    unit_of_all,
)
from ragmeter.report.words.markup import clean
from ragmeter.report.words.naming import (
    counted_by,
    failed_tests,
    is_smoke,
    known_answers,
    own_warnings,
    reason,
    run_name,
    sentence,
    stage_label,
    why_missing,
)
from ragmeter.report.words.service.caches import cache_sentence
from ragmeter.report.words.service.replicas import ratio_words
from ragmeter.report.words.service.serving import cost_sentence, serving_sentences
from ragmeter.report.words.service.spans import longest_stages, span_sentences
from ragmeter.report.words.talks import talk_sentence, turn_cells

_LATENCIES: Final = ("ttft_ms", "tpot_ms", "itl_ms", "e2e_ms")
_RATES: Final = ("output_tokens_per_s", "requests_per_s", "goodput_rps", "good_ratio", "error_ratio")


def summary_lines(result: RunResult, *, width: int, colour: bool) -> list[str]:
    """Outcome, figures with intervals, verdicts, the TTFT waterfall, recall and cost; no line exceeds ``width``."""
    page = Page(width=max(width, 40), colour=colour)
    return [
        *page.outcome(result.outcome, run_name(result)),
        *page.paragraph(f"{reason(result)}."),
        *(line for words in result.harness.reasons for line in page.outcome(Outcome.INVALID, words, indent=INDENT)),
        *(line for at in failed_tests(result) for line in page.outcome(*at, indent=INDENT)),
        *(line for words in result.caveats for line in page.paragraph(f"caveat: {words}")),
        *page.paragraph(_what_ran(result)),
        *_failure_lines(result, page),
        *(() if result.steps else _latency_lines(result, page)),
        *_rate_lines(result, page),
        *_talk_lines(result, page),
        *(line for each in result.replicas for line in page.cells(*_replica_cells(each))),
        *_client_lines(result.harness, page),
        *_serving_lines(result, page),
        *(page.entry("caches", cache_sentence(result.caches)) if result.caches else ()),
        *(line for step in result.steps for line in page.cells(f"step {step.step + 1}", _step_cells(step))),
        *(page.entry("sweep", words) if (words := sweep_sentence(result.verdicts)) else ()),
        *(page.entry("capacity", result.capacity.sentence) if result.capacity else ()),
        *(line for at in result.verdicts for line in _verdict_lines(result, at, page)),
        *_edge_lines(result.edge, page),
        *(() if result.outcome is Outcome.INVALID else _waterfall_lines(result.attribution, page)),
        *_span_lines(result, page),
        *_quality_and_cost(result, page),
        *_declared(result, page),
        *_trouble(result, page),
    ]


def _serving_lines(result: RunResult, page: Page) -> Iterator[str]:
    if result.serving is None:
        return
    for index, words in enumerate(serving_sentences(result)):
        yield from page.entry("" if index else "servers", words)
    yield from page.entry("observing", cost_sentence(result.serving.cost))


def _span_lines(result: RunResult, page: Page) -> Iterator[str]:
    if result.traced is None:
        return
    for index, words in enumerate(span_sentences(result.traced)):
        yield from page.entry("" if index else "spans", words)
    if (stages := longest_stages(result.traced)) is not None:
        yield from page.entry("", f"mean of each stage: {stages}")


def _replica_cells(each: Replica) -> tuple[str, list[str]]:
    """Of a replica; how it compares is there only where it is slower, since the others are then faster by as much."""
    slower = [f"{metric_short(metric)} {' ('.join(ratio_words(each.ratios[metric]))})" for metric in each.slow]
    waits = quantity(each.ttft_p50_ms, "ms"), quantity(each.tpot_p50_ms, "ms")
    answered = f"{count(each.requests)} requests, {count(each.failed)} failed"
    return "replica", [
        " ".join(clean(each.name).split())[: CELL_WIDTH - 2],
        answered,
        f"TTFT p50 {waits[0]}",
        f"TPOT p50 {waits[1]}",
        *slower,
    ]


def _declared(result: RunResult, page: Page) -> list[str]:
    named = declared_fields(result.metadata_origins)
    return page.entry("declared", f"{', '.join(named)} (not observed)") if named else []


def _verdict_lines(result: RunResult, at: SloVerdict, page: Page) -> Iterator[str]:
    """The verdict; of a sweep with its outcome at each step."""
    yield from page.outcome(at.outcome, sentence(result, at), indent=INDENT)
    if len(at.steps) > 1:
        words = ", ".join(
            f"{each.rate_per_s:g}/s {each.outcome.value.replace('_', ' ')} {figure(at.metric, each.value)}"
            for each in at.steps
        )
        yield from page.paragraph(words, first=INDENT * 3)


def _what_ran(result: RunResult) -> str:
    parts = (
        f"{count(result.measured_requests)} measured + {count(result.warmup_requests)} warm-up requests",
        None if result.concurrency is None else f"{result.concurrency} concurrent",
        None if result.duration_seconds is None else span(result.duration_seconds),
        f"{result.trials} trials" if result.trials > 1 else None,
        "smoke run" if is_smoke(result) else None,
        "INTERRUPTED" if result.status == "interrupted" else None,
        f"{count(result.errors)} failed{'' if result.failures else _classes(result.errors_by_class)}",
        f"tokens {how}" if (how := counted_by(result.token_source)) else None,
        _clock(result.harness),
    )
    return ", ".join(part for part in parts if part)


def _talk_lines(result: RunResult, page: Page) -> Iterator[str]:
    if result.talks is None:
        return
    yield from page.entry("sessions", talk_sentence(result.talks))
    for each in result.talks.turns:
        yield from page.cells(f"turn {each.turn}", turn_cells(each))


def _clock(harness: Harness) -> str:
    """With what the arrivals that are not exact may do to the latencies, where that is anything."""
    exact, ttft, itl = harness.exact_stamp_ratio, harness.ttft_width_p99_ms, harness.itl_width_p99_ms
    if exact is None:
        return f"{harness.clock} clock"
    off = f"; p99 of TTFT too long by up to {quantity(ttft, 'ms')}, of ITL off by up to {quantity(itl, 'ms')}"
    return f"{harness.clock} clock ({percent(exact)} of the arrivals exact{off if ttft or itl else ''})"


def _classes(errors: dict[str, int]) -> str:
    found = ", ".join(f"{name} {count(times)}" for name, times in errors.items() if times)
    return f" ({found})" if found else ""


def _failure_lines(result: RunResult, page: Page) -> Iterator[str]:
    """What the failures are, by class and status, and what they do to the other figures."""
    if result.failures:
        yield from page.cells("failed", [failure_words(at) for at in result.failures])
    if result.overspent is not None:
        yield from page.entry("", f"{result.overspent}: latencies are of the {count(result.success)} answers that came")


def _latency_lines(result: RunResult, page: Page) -> Iterator[str]:
    for name in _LATENCIES:
        if name in result.estimates:
            yield from page.cells(metric_short(name), _latency_cells(result.estimates[name]))
            if why := why_missing(result, name):
                yield from page.entry("", why)


def _latency_cells(at: Distribution) -> list[str]:
    if at.n == 0:
        return ["no samples"]
    unit = unit_of_all(at)
    named = (("p50", at.p50), ("p95", at.p95), ("p99", at.p99))
    return [f"{name} {quantity(estimate.value, unit)} ({_range(estimate, unit)})" for name, estimate in named]


def _range(at: Estimate, unit: Unit) -> str:
    return interval(at, unit, bare=True) if at.enough else TOO_SMALL


def _rate_lines(result: RunResult, page: Page) -> list[str]:
    shown = ((metric_short(name), name, result.rates[name]) for name in _RATES if name in result.rates)
    words = ", ".join(f"{label} {figure(name, at.value)}{_range_of_rate(at, name)}" for label, name, at in shown)
    return page.entry("rates", words) if words else []


def _client_lines(at: Harness, page: Page) -> list[str]:
    """How much of the latencies is the client measurement error: its floor at the load of the run."""
    if at.calibration is None:
        return []
    errors = ", ".join(f"{name} {words}" for name, words in floors(at.calibration).items())
    return page.entry("client", f"measurement error {errors}; calibrated with {load(at.calibration)}")


def _step_cells(at: Step) -> list[str]:
    return [
        f"{quantity(at.rate_per_s, '/s')} asked",
        f"TTFT p50 {figure('_ms', at.ttft_p50_ms)}",
        f"p95 {figure('_ms', at.ttft_p95_ms)}",
        figure("output_tokens_per_s", at.output_tokens_per_s),
    ]


def _range_of_rate(at: Estimate, name: str) -> str:
    """Throughputs have no interval within one run: nothing is said about it in this short form."""
    known = at.low is not None or at.high is not None
    return f" ({_range(at, unit_of(name))})" if known or not at.enough else ""


_FILLS: Final = "▒▓░█▚"
_INEXACT: Final = {"remainder": "·", "bounded": "~"}
_BAR_COLOURS: Final = ("36", "34", "35", "33", "32")


def _waterfall_lines(at: Attribution | None, page: Page) -> list[str]:
    if at is None or at.ttft_mean_ms <= 0:
        return []
    lines = [_bar("TTFT mean", at.ttft_mean_ms, at.stages, page)]
    if at.tail is not None and at.tail_ttft_mean_ms is not None:
        lines.append(_bar("TTFT tail", at.tail_ttft_mean_ms, at.tail, page))
    return [*lines, *_legend(at, page), *(line for said in beside_waterfall(at) for line in page.entry("", said))]


def _legend(at: Attribution, page: Page) -> Iterator[str]:
    """A line for each stage: its mark, mean and share, and those of the tail where the width allows."""
    tail = {stage.name: _amount(stage) for stage in at.tail or ()}
    names = max(len(clean(stage_label(stage))) for stage in at.stages)
    for stage, fill, code in _marked(at.stages):
        start = INDENT * 2
        words = f" {clean(stage_label(stage)).ljust(names)}  {_amount(stage)}"
        with_tail = f"{words}   tail {tail.get(stage.name, '')}"
        shown = with_tail if tail and len(start) + 1 + len(with_tail) <= page.width else words
        if (known := between(stage)) is not None:
            shown = f"{words}   {known}"
        yield f"{start}{page.paint(fill, code)}{shown[: page.width - len(start) - 1]}"


def _amount(stage: Stage) -> str:
    return f"{quantity(stage.mean_ms, 'ms'):>9} {percent(stage.share_ratio):>7}"


Marked = tuple[Stage, str, str]


def _marked(stages: Iterable[Stage]) -> Iterator[Marked]:
    """Each stage with the character and colour of its part of the bar; what remains is dotted, what is only
    bounded is waved.
    """
    styles = cycle(zip(_FILLS, _BAR_COLOURS, strict=True))
    for stage in stages:
        inexact = _INEXACT.get(stage.basis)
        yield (stage, inexact, "2") if inexact else (stage, *next(styles))


def _bar(title: str, total_ms: float, stages: Sequence[Stage], page: Page) -> str:
    marked = tuple(_marked(stages))
    total = quantity(total_ms, "ms")
    room = min(page.width - len(INDENT) - NAMES_WIDTH - len(total) - 1, 72)
    drawn = "".join(
        page.paint(fill * cells, code) for (_, fill, code), cells in zip(marked, _cells(marked, room), strict=True)
    )
    return f"{INDENT}{title.ljust(NAMES_WIDTH)}{drawn} {total}"


def _cells(marked: Sequence[Marked], room: int) -> list[int]:
    """Whole characters for each stage that add up to the room: rounded at the borders, not one by one."""
    whole = sum(max(at.mean_ms, 0.0) for at, _, _ in marked)
    borders = [
        round(room * reached / whole)
        for reached in accumulate((max(at.mean_ms, 0.0) for at, _, _ in marked), initial=0.0)
    ]
    return [later - earlier for earlier, later in pairwise(borders)]


def _edge_lines(at: Edge | None, page: Page) -> Iterator[str]:
    """What the provider's edge adds: each figure inside, outside, and what is between them."""
    if at is None:
        return
    for words in (at.sentence, *at.caveats):
        yield from page.entry("edge" if words is at.sentence else "", words)
    for metric in at.metrics:
        inside, outside, difference = edge_cells(metric)
        statistic = f"{metric.statistic} " if metric.statistic else ""
        cells = [f"{statistic}inside {inside}", f"outside {outside}", f"{difference} {edge_interval(metric)}"]
        yield from page.cells(metric_short(metric.metric), cells)


def _quality_and_cost(result: RunResult, page: Page) -> Iterator[str]:
    at, price = result.retrieval, result.cost
    if at is not None:
        recall = f"{quantity(at.recall_at_k.value, 'ratio')} ({_range(at.recall_at_k, 'ratio')}), n = {count(at.n)}"
        yield from page.entry(f"recall@{at.k}", recall)
    said = [f"{metric_label(name).lower()} {quantity(mean.value, 'ratio')}" for name, mean in known_answers(result)]
    if said:
        yield from page.entry("answers", ", ".join(said))
    if price is not None:
        parts = (
            *_prices(price),
            f"{figure('_usd', price.benchmark_run_cost_usd)} for the measured phase",
            f"prices of {price.as_of or 'an unknown date'}",
        )
        yield from page.entry("cost", ", ".join(parts))


def _prices(at: Cost) -> tuple[str, ...]:
    """Per tokens; where failures would make that look good, per answer."""
    if at.withheld is None:
        return (f"{figure('_usd', at.usd_per_1m_tokens)} per 1M tokens",)
    per_answer = f"{figure('_usd', at.usd_per_good_request)} per good request"
    return per_answer, f"per 1M tokens withheld: {at.withheld}"


def _trouble(result: RunResult, page: Page) -> Iterator[str]:
    prices = () if result.cost is None else result.cost.warnings
    for words in (*own_warnings(result), *prices):
        lines = page.paragraph(f"warning: {words}")
        yield from (page.paint(line, "33") for line in lines)
