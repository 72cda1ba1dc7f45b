"""What a workload asks to be sent, phase by phase, before anything is sent.

Each phase is drawn from the workload's seed and the number of its trial alone, so that a trial is the same whether it
is run among all phases or by itself, and however many trials there will be.
"""

from typing import Literal

import numpy as np

from ragmeter.core.arrivals import arrivals, prompt_order
from ragmeter.core.run import PhasePlan
from ragmeter.core.workload import Workload


def phases(workload: Workload) -> tuple[PhasePlan, ...]:
    """The warm-up, if there is one, and each trial."""
    trials = (plan for number in range(workload.trials) for plan in trial(workload, number))
    return (*warmup(workload), *trials)


def warmup(workload: Workload) -> tuple[PhasePlan, ...]:
    """Empty when the workload has no warm-up requests."""
    if not workload.warmup_requests:
        return ()
    return (_phase(workload, "warmup", 0, workload.warmup_requests, 0),)


def trial(workload: Workload, number: int) -> tuple[PhasePlan, ...]:
    """The phases of one trial, to be run in order. number: from 0; it may go beyond ``workload.trials``."""
    first = workload.warmup_requests + number * workload.requests
    return (_phase(workload, "measured", number, workload.requests, first),)


def _phase(
    workload: Workload, name: Literal["warmup", "measured"], number: int, requests: int, first_index: int
) -> PhasePlan:
    rng = np.random.default_rng([workload.seed, number, int(name == "warmup")])
    duration_s = workload.duration_s if name == "measured" else None
    offsets_ns = None
    if workload.rate_per_s is not None:
        offsets_ns = arrivals(
            workload.shape, rate_per_s=workload.rate_per_s, requests=requests, duration_s=duration_s, rng=rng
        )
        requests = len(offsets_ns)
    order = prompt_order(
        workload.prompt_order,
        prompts=len(workload.prompts),
        first=first_index,
        requests=requests,
        seed=workload.seed,
    )
    return PhasePlan(
        name=name,
        trial=number,
        first_index=first_index,
        prompt_order=order,
        concurrency=workload.concurrency,
        offsets_ns=offsets_ns,
        duration_s=duration_s,
    )
