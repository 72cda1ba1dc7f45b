"""Whether an SLO can become green at all, asked before the first request: what a run would say in which every request
is as good as can be.

A percentile of too few requests is NO_DATA whatever they say, and of 100 requests without a failure Wilson's interval
of the error ratio reaches up to 3.7 %: `error_ratio <= 0.01` is then never a PASS.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ragmeter.core.figures.series import Series
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.metric import OF_SERVERS, OVER_QUESTIONS
from ragmeter.core.requests.quality_metrics import NEEDS_ANSWER, NEEDS_PASSAGES
from ragmeter.core.requests.repeats import DECLARE
from ragmeter.core.stats.estimate import Estimate, estimate_exact, estimate_ratio
from ragmeter.core.stats.pooled import Groups
from ragmeter.core.stats.trials import MIN_TO_CLAIM, quotient_over_trials, share_over_trials
from ragmeter.core.verdicts.caches import is_touched
from ragmeter.core.verdicts.judge import decide
from ragmeter.core.verdicts.records import Outcome
from ragmeter.core.verdicts.slo import Slo

_MOST_REQUESTS = 20_000
_GAPS = 10_000
"""More than a p99.9 needs, and in each trial."""


def could_pass(slo: Slo, requests: int, *, trials: int = 1, questions: int = 0) -> bool:
    """Whether the best of all runs passes. requests: of each trial; of a sweep, of each step of a trial. questions:
    different ones that the metric is of.

    False is certain. True leaves out what no count of requests tells: prices, token counts, a client that is not fit.
    """
    outcome, _ = decide(slo, _best(slo, requests, trials, questions), trials)
    return outcome is Outcome.PASS


def could_pass_in(slo: Slo, workload: Workload) -> bool:
    """Whether the SLO can become green in a run of this workload. A ``duration`` may end it with fewer requests."""
    return _could(slo, workload.requests, workload.trials, _questions(slo, workload))


def of_a_session(key: str, value: int) -> str:
    """How a session is told another count: ``--bench-requests 40``."""
    return f"--bench-{key} {value}"


def undecidable(slo: Slo, workload: Workload, option: Callable[[str, int], str] = of_a_session) -> str | None:
    """Why no run of this workload can pass the SLO, and what would let one; None when one can.

    option: how ``requests`` and ``trials`` are given another value.
    """
    if is_touched(slo) and (why := _repeating(workload)) is not None:
        return why
    if could_pass_in(slo, workload):
        return None
    trials = f" in each of {workload.trials} trials" if workload.trials > 1 else ""
    planned = f"{workload.requests} request{'' if workload.requests == 1 else 's'}{trials}"
    return f"{planned} cannot show this, however good they are; {_mended(slo, workload, option)}"


def told_together(undecided: Iterable[tuple[str, Slo, str]]) -> list[str]:
    """One sentence for all SLOs that one cause keeps from being decided.

    undecided: the run, the SLO, and why no such run can pass it.
    """
    runs_of: dict[tuple[str, str, str], list[str]] = {}
    for run, slo, why in undecided:
        runs_of.setdefault((slo.origin, slo.expression, why), []).append(run)
    slos_of: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (origin, expression, why), runs in runs_of.items():
        slos_of.setdefault((", ".join(runs), why), []).append((origin, expression))
    return [_together(runs, why, slos) for (runs, why), slos in slos_of.items()]


def _together(runs: str, why: str, slos: Sequence[tuple[str, str]]) -> str:
    origins = " and ".join(dict.fromkeys(origin for origin, _ in slos))
    noun = "SLO" if len(slos) == 1 else "SLOs"
    return f"{origins}: {noun} of {runs}: {', '.join(expression for _, expression in slos)}: {why}"


def _repeating(workload: Workload) -> str | None:
    """Why the run of a workload will be held to repeat questions; None where a cache state is declared, where the
    questions suffice, or where ``duration`` or ``until`` may end it before it asks one again.
    """
    if workload.caches is not None or workload.duration_s is not None:
        return None
    trials = 1 if workload.until is not None else workload.trials
    asked = workload.warmup_requests + trials * workload.requests * max(1, len(workload.rates_per_s))
    questions = len({prompt.text for prompt in workload.prompts})
    if asked <= questions:
        return None
    return f"{asked} requests ask {questions} different questions, and no cache state is declared: {DECLARE}"


def _mended(slo: Slo, workload: Workload, option: Callable[[str, int], str]) -> str:
    """The smallest change of requests alone, else of trials too, else of the labelled questions."""
    questions = _questions(slo, workload)
    for trials in dict.fromkeys((workload.trials, max(workload.trials, MIN_TO_CLAIM))):
        needed = _needed(slo, workload.requests, trials, questions)
        if needed <= _MOST_REQUESTS:
            more = [option("requests", needed)] if needed > workload.requests else []
            more += [option("trials", trials)] if trials > workload.trials else []
            return f"{' '.join(more)} can"
    if _is_over_questions(slo):
        return f"it takes more than the {questions} different questions{_that_have(slo)}"
    return f"no number of requests up to {_MOST_REQUESTS:,} can"


def _needed(slo: Slo, planned: int, trials: int, asked: int) -> int:
    """Requests of each trial, as many as are planned or more; beyond the most when that is not enough."""
    return bisect_left(
        range(_MOST_REQUESTS + 1), True, lo=planned, key=lambda requests: _could(slo, requests, trials, asked)
    )


def _could(slo: Slo, requests: int, trials: int, asked: int) -> bool:
    return could_pass(slo, requests, trials=trials, questions=min(requests * trials, asked))


def _questions(slo: Slo, workload: Workload) -> int:
    """How many questions of the workload have what the metric needs."""
    if slo.metric.name in NEEDS_PASSAGES:
        return sum(1 for prompt in workload.prompts if prompt.relevant)
    if slo.metric.name in NEEDS_ANSWER:
        return sum(1 for prompt in workload.prompts if prompt.answers)
    return len(workload.prompts)


def _that_have(slo: Slo) -> str:
    if slo.metric.name in NEEDS_PASSAGES:
        return " that have labelled passages"
    return " that have a labelled answer" if slo.metric.name in NEEDS_ANSWER else ""


def _is_over_questions(slo: Slo) -> bool:
    """Whether the figure is a mean share, whose n is the number of different questions, over all trials."""
    return slo.metric.interval == OVER_QUESTIONS and slo.statistic in (None, "mean")


def _best(slo: Slo, requests: int, trials: int, questions: int) -> Estimate:
    """The figure of a run without a fault, with the interval that it would have."""
    lower = slo.operator.startswith("<")
    if _is_over_questions(slo):
        return estimate_ratio(0 if lower else questions, questions)
    if slo.statistic is not None:
        return _best_statistic(slo, slo.statistic, requests, trials)
    if slo.metric.interval == "Wilson":
        counted = 0 if lower else requests
        if trials == 1:
            return estimate_ratio(counted, requests)
        return share_over_trials([counted] * trials, [requests] * trials)
    if slo.metric.kind == "count":
        return estimate_exact(0 if lower else requests * trials, requests * trials)
    return quotient_over_trials([_good(slo)] * trials, [1.0] * trials, n=requests * trials)


def _best_statistic(slo: Slo, statistic: str, requests: int, trials: int) -> Estimate:
    """Gaps between tokens: as many as any percentile needs, so that the number of requests decides. What a server tells
    has no number that is known before.
    """
    if slo.metric.kind in OF_SERVERS:
        good = _good(slo)
        return Estimate(value=good, low=good, high=good, n=requests * trials, enough=True)
    pooled = slo.metric.kind == "pooled"
    gaps = -(-_GAPS // max(1, requests)) if pooled else 1
    trial = np.full(requests * gaps, _good(slo))
    return Series(
        metric=slo.metric,
        values=np.tile(trial, trials),
        groups=Groups.of([trial[:gaps]] * requests) if pooled and trials == 1 else None,
        trials=(trial,) * trials,
        seed=0,
    ).estimate(statistic)


def _good(slo: Slo) -> float:
    """A value that meets the bound with room to spare."""
    return 0.0 if slo.operator.startswith("<") else 2 * slo.bound + 1
