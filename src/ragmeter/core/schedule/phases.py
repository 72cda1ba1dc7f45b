"""What a workload asks to be sent, phase by phase, before anything is sent.

Each phase is drawn from the workload's seed and the number of its trial alone, so that a trial is the same whether it
is run among all phases or by itself, and however many trials there will be.
"""

from dataclasses import replace
from typing import Literal

import numpy as np

from ragmeter.core.inputs.talks import Sessions
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.schedule.arrivals import Arrivals, as_ns, start_times
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.core.schedule.prompting import prompt_order
from ragmeter.core.schedule.talks import leaves_of, talks_of

AT_ONCE = 8
"""Requests in flight while the questions of an open loop are asked ahead of it."""


def phases(workload: Workload) -> tuple[PhasePlan, ...]:
    """The warm-up, if there is one, and each trial."""
    trials = (plan for number in range(workload.trials) for plan in trial(workload, number))
    return (*warmup(workload), *trials)


def warmup(workload: Workload) -> tuple[PhasePlan, ...]:
    """Empty when the workload has no warm-up requests.

    Of an open loop it is a Poisson process at the rate that the measured phase begins with, of a trace at its mean
    rate; with constant arrivals it is constant.
    """
    if not workload.warmup_requests:
        return ()
    if workload.sessions is not None:
        return (_talked(workload, workload.sessions, "warmup", 0),)
    offsets_ns = None
    if workload.open_loop:
        rate = workload.rate_per_s or next(iter(workload.rates_per_s), workload.peak_rate_per_s)
        wanted = Arrivals(rate_per_s=rate or 1.0, requests=workload.warmup_requests)
        shape = "constant" if workload.shape == "constant" else "poisson"
        offsets_ns = start_times(shape, wanted, _rng(workload, 0, 1))
    return (_phase(workload, "warmup", 0, 0, workload.warmup_requests, offsets_ns),)


def trial(workload: Workload, number: int) -> tuple[PhasePlan, ...]:
    """The phases of one trial, to be run in order: one, or one for each step of a sweep.

    number: from 0; it may go beyond ``workload.trials``.
    """
    if workload.sessions is not None:
        return (_talked(workload, workload.sessions, "measured", number),)
    if workload.shape == "trace":
        return (_replay(workload, number),)
    rates = workload.rates_per_s if workload.shape == "sweep" else (workload.rate_per_s,)
    return tuple(_step(workload, number, step, rate, len(rates)) for step, rate in enumerate(rates))


def _step(workload: Workload, number: int, step: int, rate_per_s: float | None, steps: int) -> PhasePlan:
    first = workload.warmup_requests + (number * steps + step) * workload.requests
    offsets_ns = None
    if rate_per_s is not None:
        shape = "poisson" if workload.shape == "sweep" else workload.shape
        rng = _rng(workload, number, 0, *([step] if steps > 1 else []))
        offsets_ns = start_times(shape, _arrivals(workload, rate_per_s), rng)
    plan = _phase(workload, "measured", number, first, workload.requests, offsets_ns)
    return replace(plan, step=step)


def search_step(workload: Workload, number: int) -> PhasePlan:
    """One step of a search, at the load of the workload. Its requests are counted after those of all trials."""
    first = workload.warmup_requests + (workload.trials + number) * workload.requests
    offsets_ns = None
    if workload.rate_per_s is not None:
        offsets_ns = start_times(workload.shape, _arrivals(workload, workload.rate_per_s), _rng(workload, number, 2))
    plan = _phase(workload, "measured", 0, first, workload.requests, offsets_ns)
    return replace(plan, name="search", step=number)


def asked_once(plan: PhasePlan) -> PhasePlan:
    """Each different request of a phase once, a few at a time: what leaves the caches of a service warm for it."""
    lengths = plan.lengths or (None,) * len(plan.prompt_order)
    asked = list(dict.fromkeys(zip(plan.prompt_order, lengths, strict=True)))
    known = tuple(each for _, each in asked if each is not None)
    return PhasePlan(
        name="warmup",
        trial=plan.trial,
        step=plan.step,
        first_index=0,
        prompt_order=tuple(index for index, _ in asked),
        concurrency=min(plan.concurrency or AT_ONCE, len(asked)),
        offsets_ns=None,
        duration_s=None,
        lengths=known if plan.lengths is not None else None,
    )


def _arrivals(workload: Workload, rate_per_s: float) -> Arrivals:
    return Arrivals(
        rate_per_s=rate_per_s,
        requests=workload.requests,
        duration_s=workload.duration_s,
        burstiness=workload.burstiness,
        burst_size=workload.burst_size,
        end_rate_per_s=workload.end_rate_per_s or 0.0,
    )


def _replay(workload: Workload, number: int) -> PhasePlan:
    """The first requests of the trace, at the times it has them."""
    first = workload.warmup_requests + number * workload.requests
    end_s = workload.duration_s or float("inf")
    taken = [request for request in workload.trace[: workload.requests] if request.at_s < end_s]
    offsets_ns = as_ns(np.array([request.at_s for request in taken], dtype=np.float64))
    plan = _phase(workload, "measured", number, first, len(taken), offsets_ns)
    return replace(plan, lengths=tuple(request.lengths for request in taken))


def _talked(workload: Workload, sessions: Sessions, name: Literal["warmup", "measured"], number: int) -> PhasePlan:
    """Whole sessions, each beginning with the script after the last one of the phase before."""
    is_warm = name == "warmup"
    count = sessions.warmup if is_warm else sessions.count
    began = 0 if is_warm else sessions.warmup + number * sessions.count

    def scripts(first: int, requests: int) -> tuple[int, ...]:
        order, known = workload.prompt_order, len(sessions.turns)
        return prompt_order(order, prompts=known, first=first, requests=requests, seed=workload.seed)

    offsets_ns = None
    if workload.open_loop:
        wanted = _arrivals(workload, workload.rate_per_s or 1.0)
        wanted = replace(wanted, requests=count, duration_s=None if is_warm else workload.duration_s)
        offsets_ns = start_times(workload.shape, wanted, _rng(workload, number, int(is_warm)))
    own = scripts(began, count if offsets_ns is None else len(offsets_ns))
    firsts = [sessions.first_prompt(script) for script in own]
    prompts = [
        at for first, script in zip(firsts, own, strict=True) for at in range(first, first + sessions.turns[script])
    ]
    rng = _rng(workload, number, 5, int(is_warm))
    return PhasePlan(
        name=name,
        trial=number,
        first_index=sum(sessions.turns[script] for script in scripts(0, began)),
        prompt_order=tuple(prompts),
        concurrency=workload.concurrency,
        offsets_ns=None,
        duration_s=workload.duration_s if name == "measured" else None,
        talks=talks_of(sessions, own, first_number=began, offsets_ns=offsets_ns, rng=rng),
        leaves_ns=_leaves(workload, name, len(prompts), number),
    )


def _leaves(workload: Workload, name: str, requests: int, number: int) -> tuple[int | None, ...] | None:
    """In the measured phase alone: a warm-up warms."""
    if workload.leaving is None or name != "measured":
        return None
    return leaves_of(workload.leaving, requests, _rng(workload, number, 4))


def _phase(
    workload: Workload,
    name: Literal["warmup", "measured"],
    number: int,
    first_index: int,
    requests: int,
    offsets_ns: tuple[int, ...] | None,
) -> PhasePlan:
    order = prompt_order(
        workload.prompt_order,
        prompts=len(workload.prompts),
        first=first_index,
        requests=requests if offsets_ns is None else len(offsets_ns),
        seed=workload.seed,
    )
    lengths = None
    if workload.lengths is not None:  # the index of the first request is another one in each phase of a run
        lengths = workload.lengths.draw(len(order), _rng(workload, number, 3, first_index))
    return PhasePlan(
        name=name,
        trial=number,
        first_index=first_index,
        prompt_order=order,
        concurrency=workload.concurrency,
        offsets_ns=offsets_ns,
        duration_s=workload.duration_s if name == "measured" else None,
        lengths=lengths,
        leaves_ns=_leaves(workload, name, len(order), number),
    )


def _rng(workload: Workload, number: int, warming: int, *step: int) -> np.random.Generator:
    return np.random.default_rng([workload.seed, number, warming, *step])
