"""The words of prices, for terminal and page."""

from collections.abc import Iterator
from typing import Final

from ragmeter.core.money.api_bill import ApiBill, BreakEven
from ragmeter.core.money.cost import WITHHELD
from ragmeter.core.money.economics import AtDemand, Economics
from ragmeter.core.money.month import Month
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.words.format import count, interval, money, number, quantity
from ragmeter.report.words.markup import clean

PRICES: Final = {
    "usd_per_1m_tokens": "1M output tokens",
    "usd_per_1m_good_tokens": "1M good output tokens",
    "usd_per_request": "request",
    "usd_per_good_request": "good request",
}
_BILLED: Final = {
    "input": "usd_per_1m_input_tokens",
    "cached input": "usd_per_1m_cached_input_tokens",
    "output": "usd_per_1m_output_tokens",
}


def paid(at: Economics) -> str:
    way = "list prices" if at.offer is None else f"offer {at.offer}"
    return clean(f"{way} as of {at.as_of or 'an unknown date'}; source: {at.source or 'not known'}")


def price_or_reason(at: Economics, name: str) -> str:
    if at.withheld is not None and name in WITHHELD:
        return f"withheld: {at.withheld}"
    return price(getattr(at, name))


def price(at: Estimate) -> str:
    """With its interval, unless both ends are the same."""
    value = quantity(at.value, "usd")
    return value if at.low is not None and at.low == at.high else f"{value} ({interval(at, 'usd')})"


def asked(at: Economics) -> Iterator[str]:
    """A sentence for each answer beyond the prices themselves: a demand, an API, a month."""
    if at.at_demand is not None:
        yield demand(at.at_demand)
    if at.api is not None:
        yield from api(at.api)
    if at.month is not None:
        yield from month(at.month)


def all_warnings(at: Economics) -> tuple[str, ...]:
    """Of the price sheet and of the prices of the API."""
    return (*at.warnings, *(() if at.api is None else at.api.warnings))


def demand(at: AtDemand) -> str:
    """``1,000,000 good requests a month: 2 clusters, 31 % idle (22 to 40 %), $1,442.48 (…) a month``."""
    return (
        f"{at.good_requests_per_month:,.0f} good requests a month: {_whole(at.clusters, 'cluster')}, "
        f"{quantity(at.idle_ratio.value, 'ratio')} idle ({interval(at.idle_ratio, 'ratio')}), "
        f"{price(at.usd_per_month)} a month{_billed(at.api_usd_per_month)}"
    )


def api(at: ApiBill) -> Iterator[str]:
    """Its prices, what it bills for a measured request, and from which load on the cluster is cheaper."""
    prices = at.prices
    told = [f"{words} {money(usd)}" for words, name in _BILLED.items() if (usd := getattr(prices, name)) is not None]
    if prices.usd_per_1k_searches is not None:
        told.append(f"1,000 searches {money(prices.usd_per_1k_searches)}")
    yield clean(f"{prices.name}, per 1M tokens: {', '.join(told)}; as of {prices.as_of}; source: {prices.source}")
    if at.tokens is not None:
        tokens = at.tokens
        billed = (
            f"{_tokens(tokens.input)} tokens in, {_tokens(tokens.cached)} of them cached, {_tokens(tokens.output)} out"
        )
        parts = " + ".join(f"{name} {money(usd)}" for name, usd in at.parts.items()) or "nothing"
        yield f"{prices.name} bills {price(at.usd_per_request)} for a request: {billed} ({parts})"
    if at.break_even is not None:
        yield f"break-even with {prices.name} {break_even(at.break_even)}"
    if at.withheld is not None:
        yield f"no break-even with {prices.name}: {at.withheld}"


def break_even(at: BreakEven) -> str:
    """From which load on the cluster is cheaper than the API; never, when that is certainly more than it serves."""
    load, share = at.requests_per_hour, at.of_capacity_ratio
    words = (
        f"at {quantity(load.value, 'plain')} ({interval(load, 'plain')}) good requests an hour, "
        f"{quantity(share.value, 'ratio')} ({interval(share, 'ratio')}) of what the cluster serves"
    )
    if share.low is not None and share.low > 1:
        return f"{words}: the API is cheaper at any load"
    beyond = ", which is more than it was seen to serve" if share.value is not None and share.value > 1 else ""
    return f"{words}: above it the cluster is cheaper{beyond}"


def month(at: Month) -> Iterator[str]:
    """The load, each way to serve it, and what the API bills for it."""
    yield (
        f"month of {at.requests_per_month:,.0f} good requests in {number(at.serving_hours)} hours, "
        f"{number(at.idle_hours)} idle: at the peak {_whole(at.peak_replicas, 'replica')} "
        f"({at.replica.replace('_', ' ')}, {money(at.usd_per_replica_hour)} an hour); "
        f"{money(at.usd_per_month_fixed)} for the rest of the cluster{_billed(at.api_usd_per_month)}"
    )
    for way in at.ways:
        hours = way.replica_hours
        yield (
            f"{way.name}: {price(way.usd_per_month)} a month, {number(hours.value or 0.0)} replica-hours, "
            f"{quantity(way.idle_ratio, 'ratio')} of them idle"
        )


def _billed(at: Estimate | None) -> str:
    return "" if at is None else f"; the API bills {price(at)}"


def _tokens(at: Estimate) -> str:
    return number(at.value or 0.0)


def _whole(at: Estimate, noun: str) -> str:
    ends = [count(round(end)) for end in (at.low, at.high) if end is not None]
    value = "an unknown number of" if at.value is None else count(round(at.value))
    known = f" ({ends[0]} to {ends[1]})" if len(ends) == 2 and ends[0] != ends[1] else ""
    return f"{value}{known} {noun}{'' if value == '1' and not known else 's'}"
