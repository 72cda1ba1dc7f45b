"""What the run cost and by which price sheet; whether retrieval kept its quality meanwhile."""

from typing import Final

from ragmeter.core.money.cost import WITHHELD, Cost
from ragmeter.core.requests.figure import metric_label
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html.layout import callout, pairs, section, stacked, table
from ragmeter.report.words.format import TOO_SMALL, count, figure, interval, money, percent, quantity
from ragmeter.report.words.markup import Html, element
from ragmeter.report.words.naming import known_answers

_FIGURES: Final = {
    "hourly_cluster_cost_usd": "Cluster per hour",
    "benchmark_run_cost_usd": "Measured phase",
    "egress_cost_usd": "Egress of the measured bytes",
    "usd_per_1m_tokens": "Per 1M output tokens",
    "usd_per_1m_good_tokens": "Per 1M good output tokens",
    "usd_per_request": "Per request",
    "usd_per_successful_request": "Per successful request",
    "usd_per_good_request": "Per good request",
    "usd_per_month": "Cluster per month",
}


def cost(result: RunResult) -> Html | None:
    at = result.cost
    if at is None:
        return None
    figures = ((label, _figure(at, name)) for name, label in _FIGURES.items())
    return section(
        "Cost",
        callout("Warnings about prices", at.warnings, kind="warning"),
        element(
            "div",
            table("Cost of the measured phase", ("Figure", "Value"), figures, numbers_from=1, kind="compact"),
            _parts(at),
            class_="side-by-side",
        ),
        lead=f"Prices as of {at.as_of or 'an unknown date'}; source: {at.source or 'not known'}.",
    )


def _figure(at: Cost, name: str) -> str:
    value: float | None = getattr(at, name)
    return f"withheld: {at.withheld}" if at.withheld and name in WITHHELD else figure(name, value)


def _parts(at: Cost) -> Html | None:
    total = sum(at.parts.values())
    if not total:
        return None
    rows = [(name.replace("_", " "), money(usd), percent(usd / total)) for name, usd in at.parts.items()]
    return table("Parts of the cluster", ("Part", "USD per hour", "Share"), rows, numbers_from=1, kind="compact")


def retrieval(result: RunResult) -> Html | None:
    at = result.retrieval
    if at is None:
        return None
    named = {f"recall@{at.k}": at.recall_at_k, f"hit ratio@{at.k}": at.hit_ratio, "MRR": at.mrr}
    shown = [(name, _share(each)) for name, each in {**named, f"nDCG@{at.k}": at.ndcg_at_k}.items() if each is not None]
    return section(
        "Retrieval quality under load",
        pairs([*shown, ("requests with labelled passages", count(at.n))]),
        lead="A backend that drops documents looks faster; this figure would show it.",
    )


def answers(result: RunResult) -> Html | None:
    """The means of what the answers' texts say of their quality; None where nothing is known of it but refusals."""
    known = known_answers(result)
    if not known:
        return None
    return section(
        "Answers under load",
        pairs([(metric_label(name), _share(mean)) for name, mean in known]),
        lead="Means over requests, found in the texts by rules and without a judge: they notice what changes, and are "
        "no measure of how right an answer is. Intervals are those of as many different questions.",
    )


def _share(at: Estimate) -> Html:
    return stacked(quantity(at.value, "ratio"), interval(at, "ratio") if at.enough else TOO_SMALL)
