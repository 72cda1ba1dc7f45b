"""What a phase cost, from list prices, node counts and measured bytes. None where nothing is known, never 0."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ragmeter.core.errors import ConfigError
from ragmeter.core.figures.summary import PhaseFigures
from ragmeter.core.stats.estimate import Estimate, estimate_exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the measured phase cost, in USD; None where nothing is known or there is nothing to divide by."""

    as_of: str | None
    source: str | None
    hourly_cluster_cost_usd: float | None
    benchmark_run_cost_usd: float | None
    egress_cost_usd: float | None
    usd_per_1m_tokens: float | None
    usd_per_1m_good_tokens: float | None
    usd_per_request: float | None
    usd_per_successful_request: float | None
    usd_per_good_request: float | None
    usd_per_month: float | None
    offer: str | None = None
    """How the nodes are paid, such as spot; None for the list prices of the sheet."""
    parts: dict[str, float] = field(default_factory=dict)
    """USD per hour of each part of the cluster, by name."""
    warnings: tuple[str, ...] = ()
    withheld: str | None = None
    """Why prices per token and per request are not given, though they could be computed: see `withhold`."""


HOURS_PER_MONTH = 730
BYTES_PER_GB = 1e9
STALE_AFTER_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSheet:
    """List prices in USD, and how many of each the cluster has.

    Nodes and management are always part of a cluster: without their price or count its cost is unknown (write 0 for
    what is free). Storage, load balancers and NAT gateways are parts only when the sheet gives them; a price without a
    count is that of one.
    """

    as_of: str
    source: str
    notes: str | None = None
    gpu_node_usd_per_hr: float | None = None
    gpu_node_count: int | None = None
    cpu_node_usd_per_hr: float | None = None
    cpu_node_count: int | None = None
    cluster_mgmt_usd_per_hr: float | None = None
    load_balancer_usd_per_hr: float | None = None
    load_balancer_count: int | None = None
    storage_usd_per_gb_month: float | None = None
    storage_gb: float | None = None
    egress_usd_per_gb: float | None = None
    ingress_usd_per_gb: float | None = None
    nat_gateway_usd_per_hr: float | None = None
    nat_gateway_count: int | None = None
    nat_data_usd_per_gb: float | None = None
    cross_az_usd_per_gb: float | None = None
    offer: str | None = None

    def __post_init__(self) -> None:
        date.fromisoformat(self.as_of)  # ValueError names the text


def price_sheet_from(document: Mapping[str, Any]) -> PriceSheet:
    """The list prices of a document that fits the provider schema's ``price_sheet``, or of one that `offered` made."""
    return PriceSheet(**{key: value for key, value in document.items() if key != "offers"})


def offered(document: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    """The price sheet with the prices of one of its ``offers``, such as ``spot``. ConfigError without such an offer."""
    offers = document.get("offers", {})
    if name not in offers:
        known = f"known: {', '.join(offers)}" if offers else "it has list prices only"
        raise ConfigError(f"{where}: $.cost.offers: no offer {name!r}; {known}")
    return {**document, **offers[name], "offer": name}


def cost_of(
    sheet: PriceSheet,
    figures: PhaseFigures,
    *,
    good: int | None,
    good_tokens: int | None,
    received_bytes: int | None,
    today: date,
) -> Cost:
    """The cost of a phase.

    ``usd_per_1m_tokens`` is per million OUTPUT tokens of successes (``total_tokens``). The run is charged for its
    whole duration, failures included, and for the bytes that left the cluster (``received_bytes``; None: unknown).
    """
    parts, unknown = hourly_parts(sheet)
    hourly = None if unknown else sum(parts.values())
    egress = _egress_usd(sheet, received_bytes)
    run = _run_usd(hourly, figures.duration_seconds, egress)
    per_token, per_good_token = per(run, figures.total_tokens), per(run, good_tokens)
    return Cost(
        as_of=sheet.as_of,
        source=sheet.source,
        hourly_cluster_cost_usd=hourly,
        benchmark_run_cost_usd=run,
        egress_cost_usd=egress,
        usd_per_1m_tokens=None if per_token is None else per_token * 1e6,
        usd_per_1m_good_tokens=None if per_good_token is None else per_good_token * 1e6,
        usd_per_request=per(run, figures.requests),
        usd_per_successful_request=per(run, figures.success),
        usd_per_good_request=per(run, good),
        usd_per_month=None if hourly is None else hourly * HOURS_PER_MONTH,
        offer=sheet.offer,
        parts=parts,
        warnings=(*unknown, *_warnings(sheet, egress, today)),
    )


def withhold(cost: Cost, spent: str | None) -> Cost:
    """Without the prices that failures make look good, when a run has spent its error budget.

    A run whose requests fail fast answers the few that are left alone on the machine: its tokens look cheap, and so
    does a request. What an answer costs stays: it is more expensive the fewer there are. spent: why, in a sentence.
    """
    if spent is None:
        return cost
    return replace(cost, usd_per_1m_tokens=None, usd_per_1m_good_tokens=None, usd_per_request=None, withheld=spent)


WITHHELD = ("usd_per_1m_tokens", "usd_per_1m_good_tokens", "usd_per_request")
"""The prices of `withhold`."""


def cost_rates(cost: Cost, figures: PhaseFigures, rates: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """The costs that an SLO can judge, by name, with the interval of the throughput each is the inverse of.

    rates: figures of the phase by name. Only the price of time varies with the throughput: egress is paid by the byte.
    """
    return {
        name: _carried(estimate_exact(getattr(cost, name), figures.requests), cost, rates.get(throughput))
        for name, throughput in COST_OF_RATE.items()
    }


COST_OF_RATE: Mapping[str, str] = {
    "usd_per_1m_tokens": "output_tokens_per_s",
    "usd_per_1m_good_tokens": "good_tokens_per_s",
    "usd_per_request": "sent_requests_per_s",
    "usd_per_successful_request": "requests_per_s",
    "usd_per_good_request": "goodput_rps",
}
"""Cost by name: the throughput it is the inverse of."""


def _carried(price: Estimate, cost: Cost, rate: Estimate | None) -> Estimate:
    run = cost.benchmark_run_cost_usd
    if price.value is None or not run or rate is None or not rate.value or rate.low is None or rate.high is None:
        return price
    by_the_byte = price.value * (cost.egress_cost_usd or 0.0) / run
    by_the_hour = price.value - by_the_byte
    high = by_the_byte + by_the_hour * rate.value / rate.low if rate.low > 0 else None
    return replace(price, low=by_the_byte + by_the_hour * rate.value / rate.high, high=high)


def per(amount: float | None, count: int | None) -> float | None:
    """``amount / count``; None when either is unknown or there is nothing to divide by."""
    return None if amount is None or not count else amount / count


def hourly_parts(sheet: PriceSheet) -> tuple[dict[str, float], list[str]]:
    """USD per hour of each known part by name, and a sentence for each part that is needed but unknown."""
    optional = {
        "load_balancer": (sheet.load_balancer_usd_per_hr, sheet.load_balancer_count),
        "nat_gateway": (sheet.nat_gateway_usd_per_hr, sheet.nat_gateway_count),
    }
    parts: dict[str, float | None] = {
        "gpu_nodes": _times(sheet.gpu_node_usd_per_hr, sheet.gpu_node_count),
        "cpu_nodes": _times(sheet.cpu_node_usd_per_hr, sheet.cpu_node_count),
        "management": sheet.cluster_mgmt_usd_per_hr,
        **{
            name: _times(price, 1 if count is None else count)
            for name, (price, count) in optional.items()
            if count or (price is not None and count is None)
        },
    }
    if sheet.storage_gb is not None:
        monthly = _times(sheet.storage_usd_per_gb_month, sheet.storage_gb)
        parts["storage"] = None if monthly is None else monthly / HOURS_PER_MONTH
    unknown = [
        f"the cost of {name} is unknown, and with it that of the cluster: give {NEEDS[name]}"
        for name, price in parts.items()
        if price is None
    ]
    return {name: price for name, price in parts.items() if price is not None}, unknown


NEEDS: Mapping[str, str] = {
    "gpu_nodes": "gpu_node_usd_per_hr and gpu_node_count",
    "cpu_nodes": "cpu_node_usd_per_hr and cpu_node_count",
    "management": "cluster_mgmt_usd_per_hr (0 if it is free)",
    "load_balancer": "load_balancer_usd_per_hr",
    "nat_gateway": "nat_gateway_usd_per_hr",
    "storage": "storage_usd_per_gb_month",
}


def _times(price: float | None, count: float | None) -> float | None:
    """None when unknown; no nodes cost nothing, whatever their price."""
    if count == 0:
        return 0.0
    return None if price is None or count is None else price * count


def _egress_usd(sheet: PriceSheet, received_bytes: int | None) -> float | None:
    if sheet.egress_usd_per_gb is None or received_bytes is None:
        return None
    return received_bytes / BYTES_PER_GB * sheet.egress_usd_per_gb


def _run_usd(hourly: float | None, duration_seconds: float | None, egress: float | None) -> float | None:
    if hourly is None or duration_seconds is None:
        return None
    return hourly * duration_seconds / 3600 + (egress or 0.0)


def _warnings(sheet: PriceSheet, egress: float | None, today: date) -> list[str]:
    warnings = []
    age = (today - date.fromisoformat(sheet.as_of)).days
    if age > STALE_AFTER_DAYS:
        warnings.append(f"prices are {age} days old (as of {sheet.as_of}): check them against {sheet.source}")
    if egress is None:
        warnings.append("traffic out of the cluster is not in the cost: its price or its size is unknown")
    unseen = [name for name in ("nat_data_usd_per_gb", "cross_az_usd_per_gb") if getattr(sheet, name)]
    if unseen:
        warnings.append(f"{' and '.join(unseen)} not in the cost: the client does not see those bytes")
    return warnings
