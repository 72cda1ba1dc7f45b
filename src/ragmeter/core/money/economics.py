"""What a system costs at the load that was measured, at a demand, in a month of uneven hours, and against an API.

Every figure carries the interval of the throughput it follows from: an uncertain throughput is an uncertain price.
"""

import math
from dataclasses import dataclass, replace

from ragmeter.core.figures.figured import Figured
from ragmeter.core.figures.summary import finite_estimate
from ragmeter.core.money.api_bill import ApiBill, api_bill
from ragmeter.core.money.api_prices import ApiPrices
from ragmeter.core.money.cost import HOURS_PER_MONTH, Cost, cost_rates
from ragmeter.core.money.month import Month, MonthProfile, month_of
from ragmeter.core.stats.estimate import Estimate, falling, rising

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked of the price. good_requests_per_month: the demand, evenly spread. month: unevenly."""

    good_requests_per_month: float | None = None
    api: ApiPrices | None = None
    month: MonthProfile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtDemand:
    """clusters: whole ones, as many as serve the demand at the measured goodput. idle_ratio: of their capacity.

    usd_per_month: of those clusters for the whole month, and of the traffic of the demand. api_usd_per_month: what the
    API bills for it; None where none is asked for or its bill is unknown.
    """

    good_requests_per_month: float
    clusters: Estimate
    idle_ratio: Estimate
    usd_per_month: Estimate
    api_usd_per_month: Estimate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """at_demand, month: None when not asked for, or when the cost of the cluster or its goodput is not known. api: None
    when not asked for.

    withheld: as in `Cost`.
    """

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
    warnings: tuple[str, ...]
    withheld: str | None = None
    api: ApiBill | None = None
    month: Month | None = None


def economics(cost: Cost, figures: Figured, terms: Terms) -> Economics:
    prices = {name: finite_estimate(at) for name, at in cost_rates(cost, figures.phase, figures.rates).items()}
    api = None if terms.api is None else api_bill(terms.api, cost, figures)
    bill = None if api is None else api.usd_per_request
    goodput = figures.rates["goodput_rps"]
    demand = _at_demand(cost, figures, terms.good_requests_per_month, bill)
    month = None if terms.month is None else month_of(terms.month, cost, goodput, figures.good, bill)
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
        at_demand=demand,
        warnings=(*cost.warnings, *_unanswered(terms, demand, month)),
        withheld=cost.withheld,
        api=api,
        month=month,
    )


def _at_demand(cost: Cost, figures: Figured, demand: float | None, bill: Estimate | None) -> AtDemand | None:
    goodput = figures.rates["goodput_rps"]
    if demand is None or cost.usd_per_month is None or not goodput.value:
        return None
    wanted = falling(goodput, lambda rps: demand / SECONDS_PER_MONTH / rps)
    clusters = rising(wanted, lambda share: float(max(1, math.ceil(share - 1e-9))))
    monthly, traffic = cost.usd_per_month, demand * (cost.egress_cost_usd or 0.0) / figures.good
    return AtDemand(
        good_requests_per_month=demand,
        clusters=clusters,
        idle_ratio=_idle(wanted, clusters),
        usd_per_month=rising(clusters, lambda count: count * monthly + traffic),
        api_usd_per_month=None if bill is None or bill.value is None else rising(bill, lambda usd: usd * demand),
    )


def _unanswered(terms: Terms, demand: AtDemand | None, month: Month | None) -> list[str]:
    asked = {"demand": (terms.good_requests_per_month, demand), "hours of a month": (terms.month, month)}
    return [
        f"the {name} cannot be priced: the cost of the cluster is unknown or nothing, or it served no good request"
        for name, (wanted, found) in asked.items()
        if wanted is not None and found is None
    ]


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
