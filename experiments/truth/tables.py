"""The tables of the documentation: every kind of interval and every rate of false alarms and of power."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from experiments.truth.calls import (
    AA,
    Power,
    aa_cases,
    false_alarms,
    power,
    power_cases,
    power_of_the_plan,
)
from experiments.truth.coverage import Case, cases, coverage

SEED = 20260222
LEAST_RUNS = 400
NOMINAL = (0.93, 0.97)


def measured(case: Case, runs: int) -> float:
    return coverage(case, max(LEAST_RUNS, runs // case.cost), SEED)


def coverage_table(runs: int) -> Iterator[str]:
    """One line for each kind of interval, shape and size: coverage by number of trials and drift."""
    yield "| interval | data | requests | trials | lowest | highest | |"
    yield "|---|---|---|---|---|---|---|"
    for (interval, data, requests), group in groupby(cases(), lambda case: (case.interval, case.data, case.requests)):
        of_group = list(group)
        found = [measured(case, runs) for case in of_group]
        trials = _span([case.trials for case in of_group])
        low, high = (f"{end:.3f}" for end in (min(found), max(found)))
        yield f"| {interval} | {data} | {requests} | {trials} | {low} | {high} | {remark(min(found), max(found))} |"


def _span(trials: Sequence[int]) -> str:
    return str(trials[0]) if len(set(trials)) == 1 else f"{min(trials)} to {max(trials)}"


def remark(low: float, high: float) -> str:
    if low < NOMINAL[0]:
        return "too narrow"
    return "wider than promised" if high > NOMINAL[1] else ""


def false_alarm_table(runs: int) -> Iterator[str]:
    yield "| data | trials | drift | order | t test over pooled requests | one metric | any of seven, corrected |"
    yield "|---|---|---|---|---|---|---|"
    for case in aa_cases():
        family, single, naive = false_alarms(case, runs, SEED)
        yield (
            f"| {case.shape.name} | {case.trials} | {_drift(case)} | {_order(case)} "
            f"| {naive:.3f} | {single:.3f} | {family:.3f} |"
        )


def _drift(case: AA) -> str:
    days = f", and {case.session_cv * 100:.0f} % between sessions" if case.session_cv else ""
    return f"{case.cv * 100:.0f} %{days}"


def _order(case: AA) -> str:
    return "interleaved" if case.interleaved else "one after the other"


def power_table(runs: int) -> Iterator[str]:
    yield "| trials | order | figures tested | difference that is detectable | trials that were asked for |"
    yield "|---|---|---|---|---|"
    for case in power_cases():
        planned = f"{power_of_the_plan(case, 0.1, runs, SEED):.3f}"
        yield f"| {case.trials} | {_pairs(case)} | {case.family} | {power(case, runs, SEED):.3f} | {planned} |"


def _pairs(case: Power) -> str:
    return "interleaved" if case.paired else "one after the other"
