"""The spend guard: what a session may take, what it is predicted to take, and the refusal of what cannot be enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmeter.core.errors import ConfigError
from ragmeter.core.money.budget import Limits, exceeded, rate_of
from ragmeter.run.session.forecast import least_s
from ragmeter.run.session.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter._pytest.options.bench_options import BenchOptions
    from ragmeter.core.campaign.case import Case


def meter_of(options: BenchOptions, cases: Sequence[Case]) -> Meter:
    """The meter of a session over all its clusters. Raises ConfigError when dollars are limited and not known."""
    providers = {case.provider.name: case.provider for case in cases}
    rates = {provider.path: rate_of(provider.cost) for provider in providers.values()}
    limiting = [options.max_usd.origin] if options.max_usd else []
    limiting += [f"{c.workload.path}: $.until.max_usd" for c in cases if c.workload.until and c.workload.until.max_usd]
    limiting += [f"{c.workload.path}: $.load.search" for c in cases if c.workload.search and c.workload.search.max_usd]
    for path, rate in rates.items():
        if limiting and rate.usd_per_hr is None:
            raise ConfigError(f"{limiting[0]}: dollars cannot be counted: {path}: {'; '.join(rate.unknown)}")
    return Meter(list(rates.values()), limits_of(options))


def limits_of(options: BenchOptions) -> Limits:
    return Limits(
        max_usd=options.max_usd.value if options.max_usd else None,
        max_minutes=options.max_minutes.value if options.max_minutes else None,
    )


def check_plan(options: BenchOptions, meter: Meter, campaigns: Sequence[Sequence[Case]]) -> None:
    """Raise ConfigError when schedules and pauses alone take more than the session may, before anything is sent.

    campaigns: the cases that are measured together.
    """
    least = meter.spent(sum(least_s(cases[0].workload, _arms(options, cases)) for cases in campaigns))
    if (over := exceeded(limits_of(options), least)) is not None:
        origins = " and ".join(limit.origin for limit in (options.max_usd, options.max_minutes) if limit)
        raise ConfigError(f"{origins}: the schedules and pauses of the plan alone take {over}")


def _arms(options: BenchOptions, cases: Sequence[Case]) -> int:
    return len(cases) * (2 if options.aa else 1)
