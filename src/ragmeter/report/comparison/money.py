"""What each side costs: prices with intervals, a month at the demand, and the load at which an API costs the same."""

from collections.abc import Sequence

from ragmeter.core.comparison import Side
from ragmeter.core.economics import Economics
from ragmeter.core.result import Estimate
from ragmeter.report.comparison.hues import named
from ragmeter.report.economics_text import PRICES, break_even, demand, paid
from ragmeter.report.format import UNKNOWN, interval, money, quantity
from ragmeter.report.markup import Html, element, join
from ragmeter.report.scorecard.layout import Row, callout, section, stacked, table


def economics(sides: Sequence[Side]) -> Html | None:
    priced = [(index, side, side.cost) for index, side in enumerate(sides) if side.cost is not None]
    if not priced:
        return None
    head = ("", "Cluster per hour", "Per month", *(f"Per {words}" for words in PRICES.values()))
    said = [
        f"{side.label}: {words}"
        for _, side, at in priced
        for words in (
            *([demand(at.at_demand)] if at.at_demand else []),
            *([break_even(at.break_even)] if at.break_even else []),
        )
    ]
    return section(
        "Cost",
        callout(
            "Warnings about prices", [f"{s.label}: {w}" for _, s, at in priced for w in at.warnings], kind="warning"
        ),
        table("Prices with their intervals", head, [_row(*one) for one in priced], hide_caption=True, kind="wide"),
        element("ul", *(element("li", words) for words in said), class_="reason") if said else None,
        _parts(priced),
        element("p", "; ".join(f"{side.label}: {paid(at)}" for _, side, at in priced), class_="lead"),
        lead="Small print is the 95 % interval, carried over from the throughput. A price holds for the load that was "
        "measured.",
    )


def _row(index: int, side: Side, at: Economics) -> Row:
    prices = (_cell(getattr(at, name)) for name in PRICES)
    hourly, monthly = quantity(at.usd_per_hour, "usd"), quantity(at.usd_per_month, "usd")
    return (named(side.label, index), hourly, monthly, *prices)


def _cell(at: Estimate) -> Html:
    return join(UNKNOWN) if at.value is None else stacked(quantity(at.value, "usd"), interval(at, "usd"))


def _parts(priced: Sequence[tuple[int, Side, Economics]]) -> Html | None:
    names = list(dict.fromkeys(name for _, _, at in priced for name in at.parts))
    rows = [
        (name.replace("_", " "), *(money(at.parts[name]) if name in at.parts else UNKNOWN for _, _, at in priced))
        for name in names
    ]
    head = ("Part of the cluster, USD per hour", *(side.label for _, side, _ in priced))
    return table("What the cluster is made of", head, rows, hide_caption=True, kind="wide")
