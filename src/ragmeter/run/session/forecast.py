"""How long a campaign will take: what is certain before the first request, and what is predicted from the warm-up."""

import math
from collections.abc import Sequence
from statistics import fmean

from ragmeter.core.inputs.cache import CacheState
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.money.budget import usd_text
from ragmeter.core.requests.measures import e2e_ms
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.phases import asked_once, trial, warmup
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.core.stats.trials import MIN_TO_CLAIM
from ragmeter.core.verdicts.precision import AFTER_DECISION
from ragmeter.run.session.meter import Meter

DRAWN = 5
"""Trials whose schedules are drawn; the shortest of them stands for the others."""


def least_s(workload: Workload, runs: int) -> float:
    """Seconds that the campaign takes even if every answer comes at once: schedules and pauses."""
    trials = fewest_trials(workload)
    pauses_s = workload.cool_down_s * (runs * trials - 1)
    if workload.search is not None:  # which ends when it ends, and the trials run at what it finds
        return runs * _sending_s(warmup(workload)) + pauses_s
    drawn = [_sending_s(trial(workload, number)) for number in range(min(trials, DRAWN))]
    sending_s = _sending_s(warmup(workload)) + trials * min(drawn)
    return runs * sending_s + pauses_s


def fewest_trials(workload: Workload) -> int:
    if workload.until is None:
        return workload.trials
    return min(MIN_TO_CLAIM + AFTER_DECISION, workload.trials)


def trials_s(workload: Workload, warm: Sequence[Sequence[RequestSample]]) -> float | None:
    """Seconds that the trials will take, by the speed of the warm-up; None when one of the systems had no success, or
    a search comes first.

    warm: the warm-up requests of each system. With ``until`` it is the time of the fewest trials.
    """
    if workload.search is not None:
        return None
    latencies_s = [_mean_e2e_s(samples) for samples in warm]
    if not latencies_s or any(each is None for each in latencies_s):
        return None
    trials = fewest_trials(workload)
    one_of_each = sum(_asking_s(workload, each or 0.0) + _trial_s(workload, each or 0.0) for each in latencies_s)
    return trials * one_of_each + workload.cool_down_s * (len(warm) * trials - 1)


def campaign_s(workload: Workload, saved: Sequence[Sequence[RequestSample]]) -> float | None:
    """Seconds that warm-up and trials will take, by the speed of saved runs; None where `trials_s` is.

    saved: measured requests of each system.
    """
    measured_s = trials_s(workload, saved)
    if measured_s is None:
        return None
    return measured_s + sum(_warmup_s(workload, _mean_e2e_s(samples) or 0.0) for samples in saved)


def measured_of(runs: Sequence[SavedRun]) -> list[RequestSample]:
    """The measured requests of saved runs, whose speed predicts the next."""
    return [sample for run in runs for sample in run.samples if sample.phase is Phase.MEASURED]


def takes_words(expected_s: float | None, least_s: float, meter: Meter) -> str:
    """``the plan takes about 11 min and 0.40 USD, by the speed of saved runs``; without such, what is certain.

    meter: of a session that has sent nothing yet.
    """
    spent = meter.spent(least_s if expected_s is None else expected_s)
    usd = "" if spent.usd is None else f" and {usd_text(spent.usd)}"
    if expected_s is None:
        return f"the plan takes at least {spent.minutes:.3g} min{usd}; the warm-up will tell how much more"
    return f"the plan takes about {spent.minutes:.3g} min{usd}, by the speed of saved runs"


def _warmup_s(workload: Workload, e2e_s: float) -> float:
    if workload.concurrency is None:
        return _sending_s(warmup(workload)) + (e2e_s if workload.warmup_requests else 0.0)
    return math.ceil(workload.warmup_requests / workload.concurrency) * e2e_s


def _trial_s(workload: Workload, e2e_s: float) -> float:
    """Open loop: the schedule and the last answer. Closed loop: each slot asks one after the other."""
    if workload.concurrency is None:
        return _sending_s(trial(workload, 0)) + e2e_s
    slots = min(workload.concurrency, workload.requests)
    longest = float("inf") if workload.duration_s is None else workload.duration_s + e2e_s
    return min(workload.requests / slots * e2e_s, longest)


def _asking_s(workload: Workload, e2e_s: float) -> float:
    """What it takes to ask every question of a trial once, where its caches are to be warm."""
    if workload.caches is None or workload.caches.kv is not CacheState.WARM:
        return 0.0
    asking = [asked_once(plan) for plan in trial(workload, 0) if plan.prompt_order]
    return sum(len(plan.prompt_order) / (plan.concurrency or 1) * e2e_s for plan in asking)


def _sending_s(plans: Sequence[PhasePlan]) -> float:
    return sum(_schedule_ns(plan) for plan in plans) / 1e9


def _schedule_ns(plan: PhasePlan) -> int:
    """Until the last start of an open loop; of sessions until the last of them has thought."""
    if plan.talks is None:
        return max(plan.offsets_ns or (), default=0)
    if plan.concurrency is None:
        return max(((talk.offset_ns or 0) + sum(talk.thinks_ns) for talk in plan.talks), default=0)
    return sum(sum(talk.thinks_ns) for talk in plan.talks) // min(plan.concurrency, max(1, len(plan.talks)))


def _mean_e2e_s(samples: Sequence[RequestSample]) -> float | None:
    known = [latency for sample in samples if (latency := e2e_ms(sample)) is not None]
    return fmean(known) / 1e3 if known else None
