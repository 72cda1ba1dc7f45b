"""How long a campaign will take: what is certain before the first request, what saved sessions let expect, and what is
predicted from the warm-up.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ragmeter.core.formatting import percent
from ragmeter.core.inputs.cache import CacheState
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.money.budget import usd_text
from ragmeter.core.requests.measures import e2e_ms
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.phases import asked_once, trial, warmup
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.core.stats.sessions import ASSUMED_SPREAD, MIN_SESSIONS, expected
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
    latencies_s = [known for samples in warm if (known := _mean_e2e_s(samples)) is not None]
    if workload.search is not None or not latencies_s or len(latencies_s) < len(warm):
        return None
    return _trials_s(workload, latencies_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """Seconds that a plan takes, and from low to high those that it takes in nine of ten sessions. sessions: saved ones
    by which that is known.
    """

    about_s: float
    low_s: float
    high_s: float
    sessions: int


def whole(takes: Sequence[Takes | None]) -> Takes | None:
    """Of campaigns that follow each other; None where one is not known. At worst all are slow, at best all are fast."""
    known = [each for each in takes if each is not None]
    if not known or len(known) < len(takes):
        return None
    return Takes(
        about_s=sum(each.about_s for each in known),
        low_s=sum(each.low_s for each in known),
        high_s=sum(each.high_s for each in known),
        sessions=min(each.sessions for each in known),
    )


def expected_takes(workload: Workload, saved: Sequence[Sequence[SavedRun]]) -> Takes | None:
    """Warm-up and trials by the speed of saved sessions; None where a system has none with answers, or a search comes
    first.

    saved: of each system, the newest first.
    """
    count = min(map(len, saved), default=0)
    by_session = [[_by_trial_s(runs[number]) for runs in saved] for number in range(count)]
    if workload.search is not None or not count or not all(map(all, by_session)):
        return None
    typical_s = [expected([of_session[place] for of_session in by_session])[0] for place in range(len(saved))]
    factor = expected([[sum(trial) for trial in zip(*systems, strict=False)] for systems in by_session])[1]
    about_s, low_s, high_s = (
        _trials_s(workload, paces) + sum(_warmup_s(workload, pace) for pace in paces)
        for paces in ([pace * slower for pace in typical_s] for slower in (1.0, 1 / factor, factor))
    )
    return Takes(about_s=about_s, low_s=low_s, high_s=high_s, sessions=count)


def takes_words(takes: Takes | None, least_s: float, meter: Meter, longer: Takes | None = None) -> str:
    """``the plan takes about 11.2 min (9.8 to 12.9) and 0.40 USD (0.35 USD to 0.46 USD), as nine of ten sessions like
    the 5 saved ones``; without such, what is certain.

    meter: of a session that has sent nothing yet. longer: with as many trials as the gates need.
    """
    if takes is None:
        spent = meter.spent(least_s)
        usd = "" if spent.usd is None else f" and {usd_text(spent.usd)}"
        return f"the plan takes at least {spent.minutes:.3g} min{usd}; the warm-up will tell how much more"
    about, low, high = (meter.spent(each) for each in (takes.about_s, takes.low_s, takes.high_s))
    usd = ""
    if about.usd is not None and low.usd is not None and high.usd is not None:
        usd = f" and {usd_text(about.usd)} ({usd_text(low.usd)} to {usd_text(high.usd)})"
    saved = f"the {takes.sessions} saved ones" if takes.sessions > 1 else "the saved one"
    assumed = "" if takes.sessions >= MIN_SESSIONS else f", if sessions differ by {percent(ASSUMED_SPREAD)} %"
    return (
        f"the plan takes about {about.minutes:.3g} min ({low.minutes:.3g} to {high.minutes:.3g}){usd}, as nine of ten "
        f"sessions like {saved}{assumed}{_longer(takes, longer, meter)}"
    )


def _longer(takes: Takes, longer: Takes | None, meter: Meter) -> str:
    if longer is None or longer.about_s <= takes.about_s:
        return ""
    spent = meter.spent(longer.about_s)
    usd = "" if spent.usd is None else f" and {usd_text(spent.usd)}"
    return f"; the trials that are needed take about {spent.minutes:.3g} min{usd}"


def _trials_s(workload: Workload, latencies_s: Sequence[float]) -> float:
    """latencies_s: mean of each system."""
    trials = fewest_trials(workload)
    one_of_each = sum(_asking_s(workload, each) + _trial_s(workload, each) for each in latencies_s)
    return trials * one_of_each + workload.cool_down_s * (len(latencies_s) * trials - 1)


def _by_trial_s(run: SavedRun) -> list[float]:
    """Mean latency of the answers of each trial that has one."""
    trials: dict[int, list[RequestSample]] = {}
    for sample in run.samples:
        if sample.phase is Phase.MEASURED:
            trials.setdefault(sample.trial, []).append(sample)
    return [known for samples in trials.values() if (known := _mean_e2e_s(samples))]


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
