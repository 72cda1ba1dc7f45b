"""What a system costs at the load that was measured, at a demand, and against the price of an API.

Every figure carries the interval of the throughput it follows from: an uncertain throughput is an uncertain price.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from ragmeter.core.cost import HOURS_PER_MONTH, cost_rates
from ragmeter.core.result import Cost, Estimate
from ragmeter.core.summary import Figures, finite_estimate

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked of the price. good_requests_per_month: the demand. api_usd_per_1m_tokens: of output tokens."""

    good_requests_per_month: float | None = None
    api_usd_per_1m_tokens: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtDemand:
    """clusters: whole ones, as many as serve the demand at the measured goodput. idle_ratio: of their capacity.

    usd_per_month: of those clusters for the whole month, and of the traffic of the demand.
    """

    good_requests_per_month: float
    clusters: Estimate
    idle_ratio: Estimate
    usd_per_month: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """tokens_per_month: good output tokens for which an API costs as much as the cluster does for the whole month.

    of_capacity_ratio: their share of what one cluster serves at the measured rate: above 1 the API is cheaper whatever
    the load.
    """

    api_usd_per_1m_tokens: float
    tokens_per_month: float
    of_capacity_ratio: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """at_demand, break_even: None when not asked for, or when the cost of the cluster or its goodput is not known."""

    as_of: str | None
    source: str | None
    offer: str | None
    usd_per_hour: float | None
    usd_per_month: float | None
    parts: dict[str, float]
    usd_per_1m_tokens: Estimate
    usd_per_1m_good_tokens: Estimate
    usd_per_request: Estimate
    usd_per_good_request: Estimate
    at_demand: AtDemand | None
    break_even: BreakEven | None
    warnings: tuple[str, ...]


def economics(cost: Cost, figures: Figures, terms: Terms) -> Economics:
    prices = {name: finite_estimate(at) for name, at in cost_rates(cost, figures.phase, figures.rates).items()}
    return Economics(
        as_of=cost.as_of,
        source=cost.source,
        offer=cost.offer,
        usd_per_hour=cost.hourly_cluster_cost_usd,
        usd_per_month=cost.usd_per_month,
        parts=cost.parts,
        usd_per_1m_tokens=prices["usd_per_1m_tokens"],
        usd_per_1m_good_tokens=prices["usd_per_1m_good_tokens"],
        usd_per_request=prices["usd_per_request"],
        usd_per_good_request=prices["usd_per_good_request"],
        at_demand=_at_demand(cost, figures, terms.good_requests_per_month),
        break_even=_break_even(cost, figures.rates["good_tokens_per_s"], terms.api_usd_per_1m_tokens),
        warnings=cost.warnings,
    )


def _at_demand(cost: Cost, figures: Figures, demand: float | None) -> AtDemand | None:
    goodput = figures.rates["goodput_rps"]
    if demand is None or cost.usd_per_month is None or not goodput.value:
        return None
    wanted = _over(demand / SECONDS_PER_MONTH, goodput)
    clusters = _through(wanted, lambda share: float(max(1, math.ceil(share - 1e-9))))
    monthly, traffic = cost.usd_per_month, demand * (cost.egress_cost_usd or 0.0) / figures.good
    return AtDemand(
        good_requests_per_month=demand,
        clusters=clusters,
        idle_ratio=_idle(wanted, clusters),
        usd_per_month=_through(clusters, lambda count: count * monthly + traffic),
    )


def _idle(wanted: Estimate, clusters: Estimate) -> Estimate:
    """Of the clusters that are needed. Where the interval holds two numbers of them, the fewer can be just full, and
    one more just begun.
    """
    ends = ((wanted.low, clusters.low), (wanted.value, clusters.value), (wanted.high, clusters.high))
    known = [1 - share / count for share, count in ends if share is not None and count is not None]
    value = None if wanted.value is None or clusters.value is None else 1 - wanted.value / clusters.value
    if len(known) < len(ends) or clusters.low is None:
        return replace(wanted, value=value, low=None, high=None)
    if clusters.low == clusters.high:
        return replace(wanted, value=value, low=min(known), high=max(known))
    return replace(wanted, value=value, low=0.0, high=max(*known, 1 / (clusters.low + 1)))


def _break_even(cost: Cost, good_tokens_per_s: Estimate, api_price: float | None) -> BreakEven | None:
    if api_price is None or cost.usd_per_month is None or not good_tokens_per_s.value:
        return None
    tokens = cost.usd_per_month / api_price * 1e6
    return BreakEven(
        api_usd_per_1m_tokens=api_price,
        tokens_per_month=tokens,
        of_capacity_ratio=_over(tokens / SECONDS_PER_MONTH, good_tokens_per_s),
    )


def _over(amount: float, rate: Estimate) -> Estimate:
    """``amount / rate``: the upper end of the rate gives the lower one; a lower end of 0 gives no upper one."""
    value, low, high = (amount / end if end else None for end in (rate.value, rate.high, rate.low))
    return replace(rate, value=value, low=low, high=high)


def _through(at: Estimate, rising: Callable[[float], float]) -> Estimate:
    value, low, high = (None if end is None else rising(end) for end in (at.value, at.low, at.high))
    return replace(at, value=value, low=low, high=high)
