"""A minute of load, one request at a time and then more at once, for a first guess of what a service takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

from ragmeter.core.campaign.events import Emit, unheard
from ragmeter.core.client.harness import harness_of
from ragmeter.core.figures.summary import summarise
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.measures import e2e_ms
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.run.plan import CTRL_C
from ragmeter.core.schedule.phases import trial
from ragmeter.core.schedule.plan import Marking
from ragmeter.core.verdicts.knee import LoadStep, next_concurrency
from ragmeter.run.processes.workers import Workers
from ragmeter.run.session.measure import Conditions, measure

MANY: Final = 20_000
"""More requests than a step sends: its time ends it."""
ALONE: Final = 20
"""Answers that the first step waits for, if they come in time..."""
TOGETHER: Final = 10
"""...and the later ones, in each slot."""
LEAST_S: Final = 1.0
TIME_IS_UP: Final = "the time is up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauged:
    """interrupted: whether Ctrl-C ended it; what was measured until then is in ``steps``. trouble: why it ended
    otherwise than by its time.
    """

    steps: tuple[LoadStep, ...]
    samples: tuple[RequestSample, ...]
    seconds: float
    interrupted: bool = False
    trouble: str | None = None


def gauge(
    workload: Workload,
    provider: Provider,
    *,
    seconds: float,
    answer_s: float,
    most: int,
    told: Callable[[LoadStep], None],
    emit: Emit = unheard,
) -> Gauged:
    """Send load for so many seconds at most.

    answer_s: about how long an answer takes, alone. most: requests at once. told: takes each step when it is over.
    """
    began_s = time.monotonic()
    steps: list[LoadStep] = []
    samples: list[RequestSample] = []
    ended = None
    with Workers(1) as workers:
        conditions = Conditions(
            provider=provider,
            origin_ns=time.monotonic_ns(),
            keep=lambda _sample: None,
            watch=lambda: None,
            emit=emit,
            workers=workers,
            halt=lambda: TIME_IS_UP if time.monotonic() - began_s >= seconds else None,
            marking=Marking(by="nonce"),
        )
        try:
            while ended is None and (concurrency := next_concurrency(steps, most)) is not None:
                left_s = seconds - (time.monotonic() - began_s)
                answer_s = _answer_s(samples) or answer_s
                if steps and left_s < max(2 * answer_s, LEAST_S):
                    break
                step_s = _step_s(seconds, left_s, answer_s, is_first=not steps)
                asked = replace(workload, concurrency=concurrency, requests=MANY, duration_s=step_s, warmup_requests=0)
                own, ending = measure(asked, trial(asked, len(steps)), conditions)
                samples += own
                ended = ending.reason
                if own:
                    step = _load_step(concurrency, own, workload, ending.client_cpu_ratio, ending.not_fit)
                    steps.append(step)
                    told(step)
        except KeyboardInterrupt:  # between two steps, where nobody else takes it
            ended = CTRL_C
    return Gauged(
        steps=tuple(steps),
        samples=tuple(samples),
        seconds=time.monotonic() - began_s,
        interrupted=ended == CTRL_C,
        trouble=None if ended in {None, CTRL_C, TIME_IS_UP} else ended,
    )


def _load_step(
    concurrency: int,
    samples: tuple[RequestSample, ...],
    workload: Workload,
    cpu_ratio: float | None,
    not_fit: tuple[str, ...],
) -> LoadStep:
    harness = harness_of(samples, clock="", open_loop=False, client_cpu_ratio=cpu_ratio, not_fit=not_fit)
    figures = summarise(samples, Phase.MEASURED, seed=workload.seed)
    return LoadStep(concurrency=concurrency, figures=figures, unfit=harness.reasons)


def _step_s(seconds: float, left_s: float, answer_s: float, *, is_first: bool) -> float:
    """How long a step starts requests: for enough answers, within its share of the time, and so that the last answers
    come before the end.
    """
    shares, answers = ((0.1, 0.4), ALONE) if is_first else ((1 / 15, 0.2), TOGETHER)
    wanted_s = min(max(answers * answer_s, shares[0] * seconds), shares[1] * seconds)
    return max(min(wanted_s, left_s - answer_s), 0.1)


def _answer_s(samples: list[RequestSample]) -> float:
    """The mean time of the last answers."""
    known = [ms for sample in samples[-ALONE:] if (ms := e2e_ms(sample)) is not None]
    return fmean(known) / 1e3 if known else 0.0
