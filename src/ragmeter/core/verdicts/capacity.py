"""The highest load at which the SLOs of single requests hold: which load to try next, and what the tries say.

A load holds when Wilson's whole interval of its share of good requests lies at or above what is asked, and does not
when it lies below. In between the same load is tried again, three times at most, and all of its requests count. It is
also tried again when the measurement was not valid, and those requests do not count.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ragmeter.core.client.harness import harness_of
from ragmeter.core.figures.counts import is_good
from ragmeter.core.figures.summary import summarise
from ragmeter.core.formatting import number_text, percent
from ragmeter.core.inputs.search import TRIES, Search
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import OURS, Phase, RequestSample
from ragmeter.core.run.plan import Part, RunEnding
from ragmeter.core.stats.estimate import Estimate, estimate_ratio


class Tried(StrEnum):
    """Of one load of a capacity search: whether the share of good requests is at or above what is asked.

    INVALID: the measurement was not valid at this load.
    """

    HELD = "HELD"
    FAILED = "FAILED"
    UNDECIDED = "UNDECIDED"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityStep:
    """One step of a search.

    level: the load: requests per second, or slots of a closed loop. requests, good: of this step. good_ratio, tried:
    over all steps at this level up to this one. reasons: why the client was not fit.
    """

    level: float
    requests: int
    good: int
    good_ratio: Estimate
    tried: Tried
    requests_per_s: float | None
    output_tokens_per_s: float | None
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    latency_p95_ms: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a search has found: ``held`` is the highest load that held, ``failed`` the lowest above it that did not; the
    capacity is between them. None: no such load was found. ended: why the search ended early. trials: the metric in the
    trials at ``held``, which was chosen because it held; None when there were none.
    """

    unit: str
    metric: str
    at_least: float
    held: float | None
    failed: float | None
    steps: tuple[CapacityStep, ...]
    ended: str | None
    trials: Estimate | None
    sentence: str


MIN_OF_FIRST = 1e-3
"""A search downwards ends at this share of the first rate."""


def capacity_steps(
    parts: Sequence[Part], samples: Sequence[RequestSample], workload: Workload
) -> tuple[CapacityStep, ...]:
    """Each step of the search of ``workload`` that was run to its end."""
    found: list[CapacityStep] = []
    for part in parts:
        if part.name == "search" and part.whole and part.level is not None:
            own = [s for s in samples if s.phase is Phase.SEARCH and s.step == part.trial]
            before = [at for at in found if at.level == part.level and at.tried is not Tried.INVALID]
            found.append(_step(part.level, own, before, workload))
    return tuple(found)


def _step(
    level: float, samples: Sequence[RequestSample], before: Sequence[CapacityStep], workload: Workload
) -> CapacityStep:
    sent = sum(sample.error not in OURS for sample in samples)
    good = sum(is_good(sample, workload.goodput) for sample in samples)
    ratio = estimate_ratio(good + sum(step.good for step in before), sent + sum(step.requests for step in before))
    phase = summarise(samples, Phase.SEARCH, goodput=workload.goodput).phase
    harness = harness_of(samples, clock="", open_loop=workload.open_loop, client_cpu_ratio=None)
    at_least = workload.search.at_least if workload.search else 1.0
    return CapacityStep(
        level=level,
        requests=sent,
        good=good,
        good_ratio=ratio,
        tried=Tried.INVALID if harness.reasons else _tried(ratio.low, ratio.high, at_least),
        requests_per_s=phase.requests_per_s,
        output_tokens_per_s=phase.output_tokens_per_s,
        ttft_p50_ms=phase.ttft_p50_ms,
        ttft_p95_ms=phase.ttft_p95_ms,
        latency_p95_ms=phase.latency_p95_ms,
        reasons=harness.reasons,
    )


def _tried(low: float | None, high: float | None, at_least: float) -> Tried:
    if low is not None and low >= at_least:
        return Tried.HELD
    return Tried.FAILED if high is not None and high < at_least else Tried.UNDECIDED


def bracket(steps: Sequence[CapacityStep]) -> tuple[float | None, float | None]:
    """(highest load that held, lowest load above it that did not). What is not decided is in neither."""
    last = {step.level: step.tried for step in steps}
    failed = [level for level, tried in last.items() if tried is Tried.FAILED]
    held = [level for level, tried in last.items() if tried is Tried.HELD and level < min(failed, default=math.inf)]
    return max(held, default=None), min(failed, default=None)


def next_level(
    search: Search, steps: Sequence[CapacityStep], first: float, *, whole: bool, most: float = math.inf
) -> float | None:
    """The load to try next: the first, then twice as much while it holds, half while it does not, then in the middle of
    both. None when the search has ended. whole: loads are whole numbers, as slots of a closed loop are.
    most: no higher load is tried.
    """
    if not steps:
        return first
    if len(steps) >= search.max_steps:
        return None
    last = steps[-1]
    if last.tried in {Tried.UNDECIDED, Tried.INVALID} and _times(steps, last) < TRIES:
        return last.level
    return None if last.tried is Tried.INVALID else _onward(search, steps, first, whole=whole, most=most)


def _times(steps: Sequence[CapacityStep], like: CapacityStep) -> int:
    return sum(step.level == like.level and step.tried is like.tried for step in steps)


def _onward(search: Search, steps: Sequence[CapacityStep], first: float, *, whole: bool, most: float) -> float | None:
    held, above = _direction(steps)
    if above is None:
        return min((held or first) * 2, most) if (held or first) < most else None
    if held is None:
        return _halved(above, first, whole=whole)
    return _middle(held, above, search.resolution, whole=whole)


def _direction(steps: Sequence[CapacityStep]) -> tuple[float | None, float | None]:
    """Like `bracket`, but a load that three tries did not decide counts as one that did not hold."""
    last = {step.level: step.tried for step in steps}
    above = min((level for level, tried in last.items() if tried is not Tried.HELD), default=None)
    below = [level for level, tried in last.items() if tried is Tried.HELD and (above is None or level < above)]
    return max(below, default=None), above


def _halved(above: float, first: float, *, whole: bool) -> float | None:
    if whole:
        return above // 2 or None
    return above / 2 if above / 2 >= first * MIN_OF_FIRST else None


def _middle(held: float, above: float, resolution: float, *, whole: bool) -> float | None:
    if above / held <= 1 + resolution or (whole and above - held <= 1):
        return None
    return float(round((held + above) / 2)) if whole else math.sqrt(held * above)


def capacity_of(
    ending: RunEnding, samples: Sequence[RequestSample], workload: Workload, trials: Estimate | None
) -> Capacity | None:
    """What the search of a run has found; None without one. trials: the good ratio of the measured phase."""
    search = workload.search
    if search is None:
        return None
    steps, ended = capacity_steps(ending.parts, samples, workload), ending.search_ended
    held, failed = bracket(steps)
    trials = trials if trials is not None and trials.n else None
    unit = "requests/s" if workload.open_loop else "concurrent requests"
    if ended is None and steps and steps[-1].tried is Tried.INVALID:
        ended = f"the measurement was not valid at {number_text(steps[-1].level)} {unit}: {steps[-1].reasons[0]}"
    return Capacity(
        unit=unit,
        metric=search.metric,
        at_least=search.at_least,
        held=held,
        failed=failed,
        steps=steps,
        ended=ended,
        trials=trials,
        sentence=f"{_sentence(held, failed, unit, search, ended)}{_confirmation(trials, search)}",
    )


def _confirmation(trials: Estimate | None, search: Search) -> str:
    if trials is None or trials.value is None:
        return ""
    low, high = (None if end is None else percent(end) for end in (trials.low, trials.high))
    word = "did not confirm it" if trials.high is not None and trials.high < search.at_least else "had"
    return f"; the trials at it {word}: {percent(trials.value)} % [{low}, {high}]"


def _sentence(held: float | None, failed: float | None, unit: str, search: Search, ended: str | None) -> str:
    asked = f"{search.metric} of at least {percent(search.at_least)} %"
    after = f"; the search ended early: {ended}" if ended else ""
    if held is None:
        tried = "no load that was tried" if failed is None else f"not even {number_text(failed)} {unit}"
        return f"{tried} holds {asked}{after}"
    above = "no higher one was shown not to" if failed is None else f"{number_text(failed)} do not"
    return f"{number_text(held)} {unit} hold {asked}, {above}{after}"
