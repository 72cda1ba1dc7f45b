"""What a system costs, as lines of text and as the words that the page shares."""

from collections.abc import Iterator
from typing import Final

from ragmeter.core.economics import AtDemand, BreakEven, Economics
from ragmeter.core.result import Estimate
from ragmeter.report.format import count, interval, money, number, quantity
from ragmeter.report.markup import clean

PRICES: Final = {
    "usd_per_1m_tokens": "1M output tokens",
    "usd_per_1m_good_tokens": "1M good output tokens",
    "usd_per_request": "request",
    "usd_per_good_request": "good request",
}


def economics_lines(label: str, at: Economics | None) -> Iterator[str]:
    yield clean(label)
    if at is None:
        yield "  no price sheet: no cost"
        return
    yield f"  {paid(at)}"
    yield f"  {'cluster':24}{quantity(at.usd_per_hour, 'usd')} an hour, {quantity(at.usd_per_month, 'usd')} a month"
    for name, words in PRICES.items():
        yield f"  {words:24}{price(getattr(at, name))}"
    if at.at_demand is not None:
        yield f"  {demand(at.at_demand)}"
    if at.break_even is not None:
        yield f"  {break_even(at.break_even)}"
    yield from (f"  warning: {clean(warning)}" for warning in at.warnings)


def paid(at: Economics) -> str:
    way = "list prices" if at.offer is None else f"offer {at.offer}"
    return clean(f"{way} as of {at.as_of or 'an unknown date'}; source: {at.source or 'not known'}")


def price(at: Estimate) -> str:
    """With its interval, unless both ends are the same."""
    value = quantity(at.value, "usd")
    return value if at.low is not None and at.low == at.high else f"{value} ({interval(at, 'usd')})"


def demand(at: AtDemand) -> str:
    """``1,000,000 good requests a month: 2 clusters, 31 % idle (22 to 40 %), $1,442.48 (…) a month``."""
    clusters = _whole(at.clusters)
    return (
        f"{at.good_requests_per_month:,.0f} good requests a month: {clusters}, "
        f"{quantity(at.idle_ratio.value, 'ratio')} idle ({interval(at.idle_ratio, 'ratio')}), "
        f"{price(at.usd_per_month)} a month"
    )


def _whole(at: Estimate) -> str:
    ends = [count(round(end)) for end in (at.low, at.high) if end is not None]
    value = "an unknown number of" if at.value is None else count(round(at.value))
    known = f" ({ends[0]} to {ends[1]})" if len(ends) == 2 and ends[0] != ends[1] else ""
    return f"{value}{known} cluster{'' if value == '1' and not known else 's'}"


def break_even(at: BreakEven) -> str:
    """From which load on the cluster is cheaper than the API; never, when that is more than it serves."""
    tokens = f"{number(at.tokens_per_month / 1e6)} million good output tokens a month"
    share = at.of_capacity_ratio
    words = f"{quantity(share.value, 'ratio')} ({interval(share, 'ratio')}) of what one cluster serves at this load"
    api = f"an API at {money(at.api_usd_per_1m_tokens)} per 1M output tokens"
    if share.low is not None and share.low > 1:
        return f"{api} is cheaper at any load: break-even at {tokens}, {words}"
    return f"{api} costs the same at {tokens}, {words}"
