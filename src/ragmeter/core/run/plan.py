"""What is known of a run before and after its samples: with the samples, all that a result is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ragmeter.core.client.floor import Calibration
from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.figures.spans.records import Received, Trace, all_received
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.netprobe.document import ProbeReference
from ragmeter.core.requests.cache_counts import TrialCounts
from ragmeter.core.schedule.plan import Marking, Shard, Vantage


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSlo:
    """An SLO expression and the file or option it was declared in."""

    expression: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """Everything about one workload on one provider that was fixed before the first request.

    started_at: wall clock, ISO 8601 in UTC, at the moment that is 0 on the samples' clock.
    clock: which clock stamps arrivals: user, kernel or capture.
    shard: which part of the load this is a record of; None for all of it. calibration: of the client, before the run.
    netprobe: the east-west probe that the attribution uses; None without one. trace_url: as in `Provider`.
    vantages: of each ``clock_id``, from where its requests were sent; empty where all were sent from one place.
    metadata, metadata_origins: ``run_metadata`` and who said each value.
    interleaving: the session that ran trial k of this run in one block with trial k of every other run of that session,
    in random order: such trials are pairs. None: the trials of this run followed one another.
    marking: how requests are kept apart in the caches of the service; None: they are sent as they are.
    variant: what tells it from the other runs of its session of this workload on this provider: a cache state, or
    ``again`` of an A/A measurement; None where there is no other.
    """

    run_id: str
    ragmeter_version: str
    definitions_version: str
    provider: str
    provider_path: str
    workload: Workload
    slos: tuple[DeclaredSlo, ...]
    cost: Mapping[str, Any] | None
    metadata: Mapping[str, Any]
    metadata_origins: Mapping[str, str | None]
    started_at: str
    clock: str
    warnings: tuple[str, ...] = ()
    interleaving: str | None = None
    shard: Shard | None = None
    calibration: Calibration | None = None
    netprobe: ProbeReference | None = None
    trace_url: str | None = None
    vantages: tuple[Vantage, ...] = ()
    marking: Marking | None = None
    variant: str | None = None
    gone_labels: tuple[str, ...] = ()
    """Labels of its questions that name a document which the service said before the run that it does not have."""

    @property
    def label(self) -> str:
        """The provider, and which of its runs this is."""
        return labelled(self.provider, self.variant)


def labelled(provider: str, variant: str | None) -> str:
    """``mine cold``: as a run is called among others."""
    return provider if variant is None else f"{provider} {variant}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What was run without a break: the warm-up, a step of a search, or one trial.

    trial: of a step, its number. level: the load of a step: requests per second, or slots of a closed loop.
    position: its place in its block, from 0: how many other systems were measured in the block before it.
    began_ns, ended_ns: on the samples' clock. whole: False when it was cut short.
    """

    name: Literal["warmup", "search", "measured"]
    trial: int
    position: int
    began_ns: int
    ended_ns: int
    whole: bool
    level: float | None = None


CTRL_C: Final = "Ctrl-C"
"""The reason of a run that its user ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnding:
    """How a run ended.

    status: interrupted when it did not do all that was planned; ``reason`` then says why.
    client_cpu_ratio: CPU time of the load client per second of the measured phase, 1.0 being one core; of the busiest
    where several processes sent the load. real_time: whether all of them had real-time priority; None if not known.
    not_fit: why the measurement was not valid, as far as the samples do not show it. The run is then INVALID.
    undecided: why the run ended before its intervals were as narrow as it was to make them; None when they were, or
    nothing was asked. parts: what was run, in order; empty where it was not recorded. cache_counts: what the LLM's own
    counters say of its cache of prompts, where they could be read. readings: of the servers' metrics, in order. traces:
    of its requests, where spans were received; received: what came there, None where nobody listened.
    """

    status: Literal["complete", "interrupted"]
    reason: str | None = None
    client_cpu_ratio: float | None = None
    real_time: bool | None = None
    not_fit: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    undecided: str | None = None
    search_ended: str | None = None
    parts: tuple[Part, ...] = ()
    cache_counts: tuple[TrialCounts, ...] = ()
    readings: tuple[Reading, ...] = ()
    traces: tuple[Trace, ...] = ()
    received: Received | None = None


def joined(endings: Sequence[RunEnding]) -> RunEnding:
    """The ending of a run whose parts ended like this. Its CPU share is the highest of theirs.

    Raises ValueError when there are none.
    """
    if not endings:
        raise ValueError("a run has at least one part")
    cut = next((ending for ending in endings if ending.status == "interrupted"), endings[-1])
    ahead = [ending.real_time for ending in endings if ending.real_time is not None]
    return RunEnding(
        status=cut.status,
        reason=cut.reason,
        client_cpu_ratio=max((e.client_cpu_ratio for e in endings if e.client_cpu_ratio is not None), default=None),
        real_time=all(ahead) if ahead else None,
        not_fit=tuple(dict.fromkeys(reason for ending in endings for reason in ending.not_fit)),
        warnings=tuple(dict.fromkeys(warning for ending in endings for warning in ending.warnings)),
        cache_counts=tuple(counts for ending in endings for counts in ending.cache_counts),
        readings=tuple(reading for ending in endings for reading in ending.readings),
        traces=tuple(trace for ending in endings for trace in ending.traces),
        received=all_received([ending.received for ending in endings if ending.received is not None]),
    )
