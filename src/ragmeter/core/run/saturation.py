"""What of the servers was full first while the load rose: over the steps of a sweep or of a capacity search."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ragmeter.core.figures.observe.estimates import gauge_figures, growths
from ragmeter.core.figures.observe.watched import Watched
from ragmeter.core.formatting import number_text
from ragmeter.core.requests.records import Phase
from ragmeter.core.run.plan import RunEnding, RunPlan

FULL_RATIO: Final = 0.95
"""From here on a KV cache is full: the next request has no place in it."""
QUEUED: Final = 1.0
"""A queue that is as long on average is no chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedStep:
    """What the servers told at one load, over all steps at it: means and maxima of readings a second apart, of all
    replicas together. None is what nobody told, or what a gap hides.
    """

    level: float
    running_mean: float | None
    running_max: float | None
    waiting_mean: float | None
    kv_cache_usage_max_ratio: float | None
    preemptions: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """steps: by load, from the lowest. unit: of their levels. full: what was full, at the lowest load at which it was,
    by cause, the first first. sentence: that in words.
    """

    unit: str
    steps: tuple[LoadedStep, ...]
    full: Mapping[str, float]
    sentence: str


def _queued(at: LoadedStep) -> bool:
    return at.waiting_mean is not None and at.waiting_mean >= QUEUED


def _is_cache_full(at: LoadedStep) -> bool:
    return at.kv_cache_usage_max_ratio is not None and at.kv_cache_usage_max_ratio >= FULL_RATIO


_CAUSES: Final[Mapping[str, tuple[str, Callable[[LoadedStep], bool]]]] = MappingProxyType(
    {
        "kv_cache": ("the KV cache", _is_cache_full),
        "preemption": ("the batch, whose requests lost their places (preemption)", lambda at: bool(at.preemptions)),
        "llm_queue": ("the LLM's batch, before which requests queued", _queued),
    }
)


def saturation_of(plan: RunPlan, ending: RunEnding, spans: Sequence[Watched]) -> Saturation | None:
    """None of a run that has one load, and where no LLM server told anything at any."""
    by_level: dict[float, list[Watched]] = {}
    for level, at in _levels(plan, ending, spans):
        by_level.setdefault(level, []).append(at)
    steps = tuple(_step(level, own) for level, own in sorted(by_level.items()))
    told = [at for at in steps if (at.running_mean, at.waiting_mean, at.kv_cache_usage_max_ratio) != (None,) * 3]
    if len(steps) < 2 or not told:
        return None
    unit = "requests/s" if plan.workload.open_loop else "requests in flight"
    levels = {cause: next((at.level for at in steps if is_full(at)), None) for cause, (_, is_full) in _CAUSES.items()}
    full = dict(sorted(((cause, at) for cause, at in levels.items() if at is not None), key=lambda each: each[1]))
    return Saturation(unit=unit, steps=steps, full=full, sentence=_sentence(full, steps, unit))


def _levels(plan: RunPlan, ending: RunEnding, spans: Sequence[Watched]) -> Iterator[tuple[float, Watched]]:
    """The load of each span of a step: a rate of the sweep, or a level of the search."""
    rates = plan.workload.rates_per_s
    searched = {part.trial: part.level for part in ending.parts if part.name == "search" and part.level is not None}
    for at in spans:
        if at.span.phase is Phase.SEARCH and at.span.step in searched:
            yield searched[at.span.step], at
        elif at.span.phase is Phase.MEASURED and at.span.step < len(rates):
            yield rates[at.span.step], at


def _step(level: float, own: Sequence[Watched]) -> LoadedStep:
    gauges = gauge_figures(own)

    def told(name: str, statistic: str) -> float | None:
        figure = gauges.get(name)
        return None if figure is None or figure.gap is not None else _value(figure.trials, statistic)

    grew, _ = growths("preemptions", own)
    return LoadedStep(
        level=level,
        running_mean=told("llm_running", "mean"),
        running_max=told("llm_running", "max"),
        waiting_mean=told("llm_waiting", "mean"),
        kv_cache_usage_max_ratio=told("kv_cache_usage_ratio", "max"),
        preemptions=None if grew is None else sum(grew),
    )


def _value(trials: Sequence[Sequence[float]], statistic: str) -> float | None:
    values = [value for trial in trials for value in trial]
    if not values:
        return None
    return max(values) if statistic == "max" else sum(values) / len(values)


def _sentence(full: Mapping[str, float], steps: Sequence[LoadedStep], unit: str) -> str:
    if not full:
        seen = {
            "no queue was as long as a request on average": any(at.waiting_mean is not None for at in steps),
            "the KV cache had room": any(at.kv_cache_usage_max_ratio is not None for at in steps),
        }
        known = " and ".join(words for words, is_known in seen.items() if is_known)
        most = f"up to {number_text(steps[-1].level, 3)} {unit}"
        return f"nothing that the LLM servers tell of was full {most}{f': {known}' if known else ''}"
    (first, at), *more = full.items()
    said = f"{_CAUSES[first][0]} was full first, at {number_text(at, 3)} {unit}"
    return said + "".join(f"; then {_CAUSES[cause][0]}, at {number_text(level, 3)}" for cause, level in more)
