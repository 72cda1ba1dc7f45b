"""What the servers did in the measured phase: by trial and replica, over time, and what it cost to look."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.figures.observe.watched import Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedTrial:
    """One server over one trial, or one step of one. None is what nobody told, or what is not known: see ``gaps``.

    replica: its metrics page. server: what kind it is. seconds: between its first reading and its last. running,
    waiting, kv_cache_usage: mean and maximum of ``readings`` a second apart; a peak between two of them is not seen.
    prompt_tokens, output_tokens: as the server counted them, those of others who asked it included. The means of
    queue, prefill and decode are over its requests, by its own histograms; batch_tokens_mean over the steps of its
    engine.
    """

    replica: str
    server: str | None
    trial: int
    step: int
    seconds: float
    readings: int
    failed: int
    running_mean: float | None
    running_max: float | None
    waiting_mean: float | None
    waiting_max: float | None
    kv_cache_usage_mean_ratio: float | None
    kv_cache_usage_max_ratio: float | None
    prefix_hit_ratio: float | None
    preemptions: float | None
    prompt_tokens: float | None
    output_tokens: float | None
    queue_mean_ms: float | None
    prefill_mean_ms: float | None
    decode_mean_ms: float | None
    batch_tokens_mean: float | None
    gaps: tuple[str, ...]

    @property
    def prompt_tokens_per_s(self) -> float | None:
        return _per_second(self.prompt_tokens, self.seconds)

    @property
    def output_tokens_per_s(self) -> float | None:
        return _per_second(self.output_tokens, self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserverCost:
    """What observing cost. took_mean_ms, took_max_ms: how long a server took for a page. cpu_ratio: CPU time of the
    observing process per second of load, 1.0 being one core.
    """

    sources: int
    readings: int
    failed: int
    took_mean_ms: float | None
    took_max_ms: float | None
    cpu_ratio: float | None


def served_trial(at: Watched) -> ServedTrial:
    running, waiting = (_gauge(at, name) for name in ("llm_running", "llm_waiting"))
    if at.family == "RAG backend":
        running = _gauge(at, "service_running")
    usage = _gauge(at, "kv_cache_usage_ratio")
    asked, hit = at.grown("prefix_asked_tokens"), at.grown("prefix_hit_tokens")
    return ServedTrial(
        replica=at.source,
        server=at.family,
        trial=at.span.trial,
        step=at.span.step,
        seconds=round(at.seconds, 3),
        readings=len(at.ticks),
        failed=at.failed,
        running_mean=running[0],
        running_max=running[1],
        waiting_mean=waiting[0],
        waiting_max=waiting[1],
        kv_cache_usage_mean_ratio=usage[0],
        kv_cache_usage_max_ratio=usage[1],
        prefix_hit_ratio=hit / asked if asked and hit is not None else None,
        preemptions=at.grown("preemptions"),
        prompt_tokens=at.grown("prompt_tokens"),
        output_tokens=at.grown("generation_tokens"),
        queue_mean_ms=_mean(at, "llm_queue_ms"),
        prefill_mean_ms=_mean(at, "llm_prefill_ms"),
        decode_mean_ms=_mean(at, "llm_decode_ms"),
        batch_tokens_mean=_mean(at, "llm_batch_tokens"),
        gaps=tuple(why for why in (at.gap, at.uncounted) if why is not None),
    )


def cost_of_observing(readings: Sequence[Reading], spans: Sequence[Watched]) -> ObserverCost | None:
    """None where nothing was read. readings: all of a run. spans: of the same."""
    if not readings:
        return None
    took_ms = [reading.took_ns / 1e6 for reading in readings if reading.failure is None]
    seconds = sum({at.span: at.seconds for at in spans}.values())
    return ObserverCost(
        sources=len({reading.source for reading in readings}),
        readings=len(readings),
        failed=sum(reading.failure is not None for reading in readings),
        took_mean_ms=round(fmean(took_ms), 3) if took_ms else None,
        took_max_ms=round(max(took_ms), 3) if took_ms else None,
        cpu_ratio=round(sum(reading.cpu_ns for reading in readings) / 1e9 / seconds, 5) if seconds else None,
    )


def _gauge(at: Watched, name: str) -> tuple[float | None, float | None]:
    """Mean and maximum; neither where a gap may hide another."""
    values = [value for _, value in at.gauge(name)]
    return (fmean(values), max(values)) if values and at.gap is None else (None, None)


def _mean(at: Watched, name: str) -> float | None:
    grew = at.observed(name)
    return grew.total / grew.count if grew is not None and grew.count else None


def _per_second(tokens: float | None, seconds: float) -> float | None:
    return None if tokens is None or not seconds else tokens / seconds
