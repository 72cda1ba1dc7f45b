"""What each side costs: prices with intervals, and what is asked of them: a demand, the hours of a month, an API."""

from collections.abc import Sequence

from ragmeter.core.compare.comparison import Side
from ragmeter.core.money.cost import WITHHELD
from ragmeter.core.money.economics import Economics
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html.comparison.hues import named
from ragmeter.report.html.layout import Row, callout, section, stacked, table
from ragmeter.report.words.economics import PRICES, all_warnings, asked, paid
from ragmeter.report.words.format import UNKNOWN, interval, money, quantity
from ragmeter.report.words.markup import Html, element, join


def economics(sides: Sequence[Side]) -> Html | None:
    priced = [(index, side, side.cost) for index, side in enumerate(sides) if side.cost is not None]
    if not priced:
        return None
    head = ("", "Cluster per hour", "Per month", *(f"Per {words}" for words in PRICES.values()))
    said = [f"{side.label}: {words}" for _, side, at in priced for words in asked(at)]
    warned = [f"{side.label}: {words}" for _, side, at in priced for words in all_warnings(at)]
    return section(
        "Cost",
        callout("Warnings about prices", warned, kind="warning"),
        table("Prices with their intervals", head, [_row(*one) for one in priced], hide_caption=True, kind="wide"),
        element("ul", *(element("li", words) for words in said), class_="reason") if said else None,
        _parts(priced),
        element("p", "; ".join(f"{side.label}: {paid(at)}" for _, side, at in priced), class_="lead"),
        lead="Small print is the 95 % interval, carried over from the throughput. A price holds for the load that was "
        "measured.",
    )


def _row(index: int, side: Side, at: Economics) -> Row:
    prices = (_cell(at, name) for name in PRICES)
    hourly, monthly = quantity(at.usd_per_hour, "usd"), quantity(at.usd_per_month, "usd")
    return (named(side.label, index), hourly, monthly, *prices)


def _cell(priced: Economics, name: str) -> Html:
    if priced.withheld is not None and name in WITHHELD:
        return stacked("withheld", priced.withheld)
    at: Estimate = getattr(priced, name)
    return join(UNKNOWN) if at.value is None else stacked(quantity(at.value, "usd"), interval(at, "usd"))


def _parts(priced: Sequence[tuple[int, Side, Economics]]) -> Html | None:
    names = list(dict.fromkeys(name for _, _, at in priced for name in at.parts))
    rows = [
        (name.replace("_", " "), *(money(at.parts[name]) if name in at.parts else UNKNOWN for _, _, at in priced))
        for name in names
    ]
    head = ("Part of the cluster, USD per hour", *(side.label for _, side, _ in priced))
    return table("What the cluster is made of", head, rows, hide_caption=True, kind="wide")
