"""What a manager reads: the claims, the SLOs of each side, what was asked, what is only assumed."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ragmeter.core.compare.comparison import Comparison, Side
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.report.html.comparison.hues import named
from ragmeter.report.html.layout import Row, badge, callout, code, section, stacked, table
from ragmeter.report.words.comparison import further_words, said_once, sentence_of
from ragmeter.report.words.format import UNKNOWN, interval, moment, quantity, shown, unit_of
from ragmeter.report.words.markup import Html, element, join

_ASKED: Final = {
    "load": "Load",
    "requests_per_trial": "Requests a trial",
    "max_output_tokens": "Output tokens, at most",
    "model_id": "Model",
    "dtype": "Type of its numbers",
    "llm_engine": "Engine",
    "vllm_version": "Version of vLLM",
    "k": "Passages retrieved (k)",
    "docset": "Documents",
    "docset_hash": "Hash of the documents",
    "cache_state": "Caches",
    "backend_image_tag": "Build of the service",
    "gpu_model": "GPU",
    "gpu_count": "GPUs",
    "node_instance_type": "Node",
    "node_count": "Nodes",
    "region": "Region",
    "client_host": "Client",
    "client_place": "Load sent from",
    "workload_hash": "Hash of the workload",
}


def claims(found: Comparison) -> Html:
    """The answer in large, then what qualifies it."""
    lines = (element("li", sentence_of(claim), class_=f"claim {claim.kind}") for claim in found.claims)
    return element("ul", *lines, class_="answers")


def further(found: Comparison) -> Html | None:
    at = found.further
    return None if at is None else section("What it takes to decide what is open", element("p", further_words(at)))


def slos(found: Comparison) -> Html | None:
    """A row for each SLO that a side declares, a column for each side; the worst first."""
    declared = list(dict.fromkeys(verdict.slo for side in found.sides for verdict in side.verdicts))
    if not declared:
        return None
    rows = [(code(slo), *(_at(side, slo) for side in found.sides)) for slo in declared]
    heads = [element("span", named(side.label, index)) for index, side in enumerate(found.sides)]
    outcomes: Row = ("All of them", *(UNKNOWN if side.outcome is None else badge(side.outcome) for side in found.sides))
    return section(
        "Service level objectives of each side",
        table(
            "Verdict of each SLO on each side", ("SLO", *heads), [outcomes, *rows], hide_caption=True, kind="wide slos"
        ),
    )


def _at(side: Side, slo: str) -> Html:
    verdict = next((at for at in side.verdicts if at.slo == slo), None)
    if verdict is None:
        return join("not declared")
    return join(badge(verdict.outcome), _figure(verdict))


def _figure(at: SloVerdict) -> Html | None:
    if at.value is None or at.outcome is Outcome.INVALID:
        return None
    known = Estimate(value=at.value, low=at.low, high=at.high, n=at.n, enough=True)
    unit = unit_of(at.metric)
    return element("div", stacked(quantity(at.value, unit), interval(known, unit)))


def asked(found: Comparison) -> Html | None:
    """What is the same on all sides once, the rest side by side."""
    if not any(side.asked for side in found.sides):
        return None
    rows = [("Measured", *(moment(side.started_at) for side in found.sides)), *_rows(found.sides)]
    head = ("", *(side.label for side in found.sides))
    return section(
        "What was asked",
        table("What was asked of each side", head, rows, hide_caption=True, kind="wide asked"),
    )


def _rows(sides: Sequence[Side]) -> Iterator[Row]:
    for name, words in _ASKED.items():
        values = [side.asked.get(name) for side in sides]
        if any(value is not None for value in values):
            yield (words, *(_value(name, side, value) for side, value in zip(sides, values, strict=True)))


def _value(name: str, side: Side, value: Any) -> Html | str:
    """Declared is what somebody typed and nobody observed."""
    return stacked(shown(value), "declared") if name in side.declared and value is not None else shown(value)


def assumed(found: Comparison) -> Html | None:
    """Prices first: a figure of money rests on nothing else."""
    prices = said_once(found, lambda side: [] if side.price_doubt is None else [side.price_doubt])
    return callout("Assumed, and observed by nobody", [*prices, *said_once(found, _typed)], kind="warning")


def _typed(side: Side) -> list[str]:
    by_origin: dict[str, list[str]] = {}
    for name, origin in side.declared.items():
        by_origin.setdefault(origin, []).append(_ASKED.get(name, name))
    return [f"{', '.join(names)}: only {origin} says so" for origin, names in by_origin.items()]
