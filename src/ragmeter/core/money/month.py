"""What a month costs whose hours are not alike: always on, switched off while nobody asks, or scaled with the load.

A replica is the GPU nodes of the measured cluster together; where it has none, its CPU nodes. The rest of the cluster
is paid for the whole month. Replicas are taken to add up: how well they do is not measured. Starting one takes time
that is paid for, and is not in the figures.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ragmeter.core.errors import ConfigError
from ragmeter.core.money.cost import HOURS_PER_MONTH, Cost
from ragmeter.core.stats.estimate import Estimate, falling, rising

SCALED = ("gpu_nodes", "cpu_nodes")
"""The parts of a cluster that can be its replicas, the first that costs anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """So many hours of a month, with as many good requests in each."""

    hours: float
    requests_per_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthProfile:
    """hours: of at most 730; those that are left have no requests. min_replicas: that stay while nobody asks."""

    hours: tuple[Hours, ...]
    min_replicas: int = 1

    @property
    def requests(self) -> float:
        return sum(at.hours * at.requests_per_hour for at in self.hours)

    @property
    def serving_hours(self) -> float:
        return sum(at.hours for at in self.hours if at.requests_per_hour)


def month_profile(hours: Sequence[Hours], min_replicas: int) -> MonthProfile:
    """Raises ConfigError for more hours than a month has, and where none has a request."""
    made = MonthProfile(hours=tuple(hours), min_replicas=min_replicas)
    if (total := sum(at.hours for at in hours)) > HOURS_PER_MONTH:
        raise ConfigError(f"--hours: {total:g} hours are more than a month has, {HOURS_PER_MONTH}")
    if not made.requests:
        raise ConfigError("--hours: no hour has a request, so there is nothing to serve")
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to run the month. replica_hours: paid. idle_ratio: of them, at the measured goodput."""

    name: str
    replica_hours: Estimate
    idle_ratio: float
    usd_per_month: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """replica: the part of the cluster that is scaled, and usd_per_replica_hour its price; usd_per_month_fixed: of the
    rest, and of the traffic. api_usd_per_month: as in `AtDemand`.
    """

    profile: MonthProfile
    requests_per_month: float
    serving_hours: float
    idle_hours: float
    replica: str
    usd_per_replica_hour: float
    usd_per_month_fixed: float
    peak_replicas: Estimate
    ways: tuple[Way, ...]
    api_usd_per_month: Estimate | None = None


def month_of(profile: MonthProfile, cost: Cost, goodput: Estimate, good: int, bill: Estimate | None) -> Month | None:
    """None where the cost of the cluster or what it serves is not known. bill: of the API, USD per request."""
    hourly = cost.hourly_cluster_cost_usd
    replica = next((name for name in SCALED if cost.parts.get(name)), None)
    if hourly is None or replica is None or not goodput.value or not good:
        return None
    each = cost.parts[replica]
    asked = profile.requests
    traffic = asked * (cost.egress_cost_usd or 0.0) / good
    busy = asked / (goodput.value * 3600)
    fixed = (hourly - each) * HOURS_PER_MONTH + traffic
    idle = HOURS_PER_MONTH - profile.serving_hours

    def peak(rps: float) -> float:
        return float(max(_replicas(at, rps) for at in profile.hours))

    def scaled(rps: float) -> float:
        kept = profile.min_replicas
        return kept * idle + sum(
            at.hours * max(kept, _replicas(at, rps)) for at in profile.hours if at.requests_per_hour
        )

    paid: dict[str, Callable[[float], float]] = {
        "always on": lambda rps: peak(rps) * HOURS_PER_MONTH,
        "off while idle": lambda rps: peak(rps) * profile.serving_hours,
        "autoscaled": scaled,
    }
    return Month(
        profile=profile,
        requests_per_month=asked,
        serving_hours=profile.serving_hours,
        idle_hours=idle,
        replica=replica,
        usd_per_replica_hour=each,
        usd_per_month_fixed=fixed,
        peak_replicas=falling(goodput, peak),
        ways=tuple(_way(name, falling(goodput, hours), busy, each, fixed) for name, hours in paid.items()),
        api_usd_per_month=None if bill is None or bill.value is None else rising(bill, lambda usd: usd * asked),
    )


def _way(name: str, hours: Estimate, busy: float, each: float, fixed: float) -> Way:
    """busy: replica-hours of work, at the measured goodput."""
    return Way(
        name=name,
        replica_hours=hours,
        idle_ratio=max(0.0, 1 - busy / hours.value) if hours.value else 0.0,
        usd_per_month=rising(hours, lambda paid: paid * each + fixed),
    )


def _replicas(at: Hours, rps: float) -> int:
    """Whole ones, as many as serve the load at a goodput of each; the rounding error of a quotient is no replica."""
    return max(1, math.ceil(at.requests_per_hour / (rps * 3600) - 1e-9)) if at.requests_per_hour else 0
