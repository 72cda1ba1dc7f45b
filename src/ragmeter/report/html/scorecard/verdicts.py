"""The outcome of a run, and each SLO with the interval that decided it."""

from typing import Final

from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.judge import RANKING
from ragmeter.core.verdicts.records import SloVerdict
from ragmeter.report.html.charts import against_bound
from ragmeter.report.html.layout import Row, badge, callout, code, section, stacked, table
from ragmeter.report.words.bounds import full_reason
from ragmeter.report.words.failures import failures_decide, group_sentences
from ragmeter.report.words.format import UNKNOWN, count, interval, moment, quantity, span, unit_of
from ragmeter.report.words.markup import Html, element, join
from ragmeter.report.words.naming import (
    SMOKE_BELOW_SECONDS,
    failed_tests,
    is_smoke,
    own_warnings,
    provider_label,
    sentence,
    workload_name,
)
from ragmeter.report.words.tested import Fact, tested


def headline(result: RunResult) -> Html:
    name = element("h2", workload_name(result), element("span", " @ ", class_="at"), provider_label(result))
    return element(
        "header",
        element("div", name, badge(result.outcome), class_="title"),
        element("p", full_reason(result), class_="reason"),
        callout("What failed", group_sentences(result), kind="fail") if failures_decide(result) else None,
        element("ul", *map(_tested, tested(result.run_metadata, result.metadata_origins)), class_="facts tested"),
        element("ul", *(element("li", fact) for fact in _facts(result)), class_="facts"),
        callout("The measurement is not valid", result.harness.reasons, kind="invalid"),
        callout("Tests of the session that failed", [words for _, words in failed_tests(result)], kind="invalid"),
        callout("The error budget is spent", _overspent(result), kind="invalid"),
        callout("Caveats", result.caveats, kind="warning"),
        callout("Warnings", own_warnings(result), kind="warning"),
        class_=f"headline {result.outcome.value.lower()}",
    )


def _tested(fact: Fact) -> Html:
    mark = element("small", " declared, not observed") if fact.declared else None
    return element("li", element("span", f"{fact.name} "), element("strong", fact.words), mark)


def _overspent(result: RunResult) -> list[str]:
    if result.overspent is None:
        return []
    return [f"{result.overspent}. Latencies below are of the {count(result.success)} answers that came."]


def _facts(result: RunResult) -> list[str]:
    load = None if result.concurrency is None else f"{result.concurrency} concurrent"
    short = f"smoke: shorter than {SMOKE_BELOW_SECONDS} s" if is_smoke(result) else None
    found = (
        "interrupted: the figures are of the part that ran" if result.status == "interrupted" else None,
        moment(result.started_at),
        f"{count(result.measured_requests)} measured, {count(result.warmup_requests)} warm-up requests",
        load,
        f"{span(result.duration_seconds)} measured" if result.duration_seconds is not None else None,
        short,
        f"{result.trials} trials" if result.trials != 1 else "1 trial",
        f"seed {result.seed}",
    )
    return [fact for fact in found if fact is not None]


def verdicts(result: RunResult, ident: str) -> Html:
    if not result.verdicts:
        return section("Service level objectives", lead="No SLO was declared for this workload.")
    worst_first = sorted(result.verdicts, key=lambda verdict: RANKING.index(verdict.outcome))
    rows = [_row(verdict, sentence(result, verdict), f"{ident}-slo{at}") for at, verdict in enumerate(worst_first)]
    head = ("Outcome", "SLO", "Observed", "Interval and bound", "n", "Declared in")
    return section(
        "Service level objectives",
        table("Verdict of each SLO", head, rows, kind="verdicts", hide_caption=True),
        lead=_RULE,
    )


def _row(verdict: SloVerdict, words: str, ident: str) -> Row:
    unit = unit_of(verdict.metric)
    at = Estimate(value=verdict.value, low=verdict.low, high=verdict.high, n=verdict.n, enough=True)
    known = verdict.value is not None
    slo = element("div", code(verdict.slo), element("p", words), class_="slo")
    return (
        badge(verdict.outcome),
        slo,
        stacked(quantity(verdict.value, unit), interval(at, unit)) if known else UNKNOWN,
        _strip(verdict, ident),
        count(verdict.n),
        join(verdict.origin),
    )


_RULE: Final = (
    "PASS and FAIL only where the whole interval lies on one side of the bound; of a figure without an interval, the "
    "value decides, as it does of the default error budget."
)
_SIGNS: Final = {"<=": "≤", ">=": "≥"}


def _strip(verdict: SloVerdict, ident: str) -> Html:
    bound = quantity(verdict.bound, unit_of(verdict.metric))
    words = element("small", f"bound {_SIGNS.get(verdict.operator, verdict.operator)} {bound}")
    if verdict.value is None:
        return words
    return join(against_bound(verdict, verdict.value, unit_of(verdict.metric), ident=ident), words)
