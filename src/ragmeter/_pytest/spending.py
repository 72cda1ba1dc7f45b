"""The spend guard: what a session may take, what it is predicted to take, and the refusal of what cannot be enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmeter.core.budget import Limits, exceeded, rate_of, usd_text
from ragmeter.core.errors import ConfigError
from ragmeter.report.format import span
from ragmeter.run.forecast import fewest_trials, least_s
from ragmeter.run.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter._pytest.asked import BenchOptions
    from ragmeter._pytest.cases import Case


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


def plan_sentence(meter: Meter, cases: Sequence[Case]) -> str:
    """What is planned, and what is certain of its length. cases: the arms of one campaign."""
    workload = cases[0].workload
    least = least_s(workload, len(cases))
    trials = f"{workload.trials} trial{'s' if workload.trials > 1 else ''}"
    if workload.until is not None:
        trials = f"{fewest_trials(workload)} to {workload.trials} trials"
    arms = f"{len(cases)} arms, each with " if len(cases) > 1 else ""
    if workload.search is not None:
        trials = f"a search of at most {workload.search.max_steps} steps, and at what it finds {trials}"
    known = f"at least {_both(meter, least)}" if least >= 1 else "how long it takes is not known before"
    return f"plan of {workload.name}: {arms}{trials} of {workload.requests} requests; {known}"


def warm_sentence(meter: Meter, limits: Limits, trials_s: float) -> str:
    """The prediction after the warm-up, and whether the budget ends before."""
    beyond = exceeded(limits, meter.spent(trials_s))
    end = f"; the budget ends before: {beyond}" if beyond else ""
    return f"predicted from the warm-up: {_both(meter, trials_s)} from now on{end}"


def _both(meter: Meter, seconds: float) -> str:
    usd = None if meter.usd_per_hr is None else meter.usd_per_hr * seconds / 3600
    return span(seconds) + ("" if usd is None else f", {usd_text(usd)}")
