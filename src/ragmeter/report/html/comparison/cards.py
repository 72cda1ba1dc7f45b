"""One card for each side: what it does, how sure that is, and which place it can have."""

from collections.abc import Iterator

from ragmeter.core.compare.comparison import Comparison, Rank, Ranking, Side
from ragmeter.core.money.cost import WITHHELD
from ragmeter.core.requests.figure import Figure
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html.comparison.hues import hue
from ragmeter.report.words.comparison import place
from ragmeter.report.words.format import TOO_SMALL, UNKNOWN, Unit, interval, number, quantity, unit_of
from ragmeter.report.words.markup import Child, Html, element

_FIGURES = (
    Figure("ttft_ms", "p50"),
    Figure("ttft_ms", "p95"),
    Figure("tpot_ms", "p50"),
    Figure("e2e_ms", "p50"),
    Figure("e2e_ms", "p95"),
    Figure("output_tokens_per_s"),
    Figure("good_ratio"),
    Figure("error_ratio"),
)


def cards(found: Comparison) -> Html:
    ranks = {at.figure: at for at in found.rankings}
    return element("div", *(_card(side, index, ranks) for index, side in enumerate(found.sides)), class_="cards")


def _card(side: Side, index: int, ranks: dict[Figure, Ranking]) -> Html:
    rows = [row for row in (*_latencies(side, ranks), *_money(side, ranks)) if row is not None]
    return element(
        "article",
        element("h3", side.label),
        element("p", _about(side), class_="n"),
        element("table", element("caption", f"Figures of {side.label}", class_="unseen"), element("tbody", *rows)),
        class_=f"card {hue(index)}",
    )


def _about(side: Side) -> str:
    cut = ", interrupted" if side.status == "interrupted" else ""
    return f"{side.trials} trials, {side.requests:,} requests{cut}"


def _latencies(side: Side, ranks: dict[Figure, Ranking]) -> Iterator[Html | None]:
    for figure in _FIGURES:
        beside = _streams(side) if figure.metric == "tpot_ms" else None
        rank = _rank(side, ranks.get(figure))
        yield _row(figure.label, side.estimates.get(str(figure)), unit_of(figure.metric), rank, beside)


def _money(side: Side, ranks: dict[Figure, Ranking]) -> Iterator[Html | None]:
    if side.cost is None:
        return
    for figure in (Figure("usd_per_1m_tokens"), Figure("usd_per_good_request")):
        if side.cost.withheld is not None and figure.metric in WITHHELD:
            yield _withheld(figure.label, side.cost.withheld)
            continue
        rank = _rank(side, ranks.get(figure))
        yield _row(figure.label, getattr(side.cost, figure.metric), "usd", rank, None)
    if side.cost.at_demand is not None:
        yield _row("USD a month at the demand", side.cost.at_demand.usd_per_month, "usd", None, None)


def _withheld(label: str, why: str) -> Html:
    value = element("span", "withheld", class_="main")
    return element("tr", element("th", label, scope="row"), element("td", value, element("small", why)))


def _streams(side: Side) -> str | None:
    streams = side.effective_decode_concurrency
    return None if streams is None else f"with {number(streams)} concurrent streams on average"


def _rank(side: Side, at: Ranking | None) -> Rank | None:
    return None if at is None else next(rank for rank in at.ranks if rank.label == side.label)


def _row(label: str, at: Estimate | None, unit: Unit, rank: Rank | None, beside: str | None) -> Html | None:
    if at is None:
        return None
    value = UNKNOWN if at.value is None else quantity(at.value, unit)
    certain = at.value is None or (at.low is not None and at.low == at.high)
    small: Child = None if certain else interval(at, unit) if at.enough else TOO_SMALL
    chip = None
    if rank is not None and at.value is not None:
        words = f"place {place(rank)}"
        chip = element("span", words, class_="chip first" if rank.worst == 1 else "chip")
    return element(
        "tr",
        element("th", label, None if beside is None else element("small", f" {beside}"), scope="row"),
        element("td", element("span", value, class_="main"), element("small", small), chip),
    )
