"""What a workload asks to be sent, phase by phase, before anything is sent."""

from typing import Literal

import numpy as np

from ragmeter.core.arrivals import arrivals, prompt_order
from ragmeter.core.run import PhasePlan
from ragmeter.core.workload import Workload


def phases(workload: Workload) -> tuple[PhasePlan, ...]:
    """The warm-up, if there is one, and each trial; all drawn from the workload's seed."""
    warmup = (_phase(workload, "warmup", 0, workload.warmup_requests, 0),) if workload.warmup_requests else ()
    first = workload.warmup_requests
    trials = (
        _phase(workload, "measured", trial, workload.requests, first + trial * workload.requests)
        for trial in range(workload.trials)
    )
    return (*warmup, *trials)


def _phase(
    workload: Workload, name: Literal["warmup", "measured"], trial: int, requests: int, first_index: int
) -> PhasePlan:
    rng = np.random.default_rng([workload.seed, trial, int(name == "warmup")])
    duration_s = workload.duration_s if name == "measured" else None
    offsets_ns = None
    if workload.rate_per_s is not None:
        offsets_ns = arrivals(
            workload.shape, rate_per_s=workload.rate_per_s, requests=requests, duration_s=duration_s, rng=rng
        )
        requests = len(offsets_ns)
    return PhasePlan(
        name=name,
        trial=trial,
        first_index=first_index,
        prompt_order=prompt_order(workload.prompt_order, prompts=len(workload.prompts), requests=requests, rng=rng),
        concurrency=workload.concurrency,
        offsets_ns=offsets_ns,
        duration_s=duration_s,
    )
