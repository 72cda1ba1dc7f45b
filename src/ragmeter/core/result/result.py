"""What a run says: estimates, verdicts, attribution, money. These records are the result document, field by field."""

from dataclasses import dataclass, field
from typing import Any, Literal

from ragmeter.core.client.harness import Harness
from ragmeter.core.compare.edge import Edge
from ragmeter.core.figures.attribution import Attribution
from ragmeter.core.figures.replicas import Replica
from ragmeter.core.figures.retrieval import Retrieval
from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.slowest import SlowRequest
from ragmeter.core.figures.spans.joined import Traced
from ragmeter.core.figures.summary import PhaseFigures, Point
from ragmeter.core.figures.talks import Departures, TalkFigures
from ragmeter.core.figures.timeline import Timeline
from ragmeter.core.inputs.workload import Override
from ragmeter.core.money.cost import Cost
from ragmeter.core.requests.records import TokenSource
from ragmeter.core.result.failures import FailedTest, FailureCount, FailureGroup
from ragmeter.core.run.caches import Caches
from ragmeter.core.run.saturation import Saturation
from ragmeter.core.run.serving import Serving
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.capacity import Capacity
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.core.verdicts.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One workload on one provider: the document ``benchmark-output.v1``.

    The first block keeps the names users know, for the measured phase.
    """

    schema: Literal["benchmark-output.v1"] = "benchmark-output.v1"
    requests: int
    concurrency: int | None
    success: int
    errors: int
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    tpot_p50_ms: float | None
    tpot_p95_ms: float | None
    avg_tokens_per_sec: float | None
    total_tokens: int | None
    avg_output_tokens: float | None
    total_prompt_tokens: int | None
    avg_prompt_tokens: float | None
    duration_seconds: float | None
    warmup_requests: int
    measured_requests: int
    max_output_tokens: int | None
    phases: dict[str, PhaseFigures]
    workload_manifest_path: str
    workload_manifest_hash: str
    run_metadata: dict[str, Any]
    cost_reference: str | None
    netprobe_reference: str | None

    run_id: str
    status: Literal["complete", "interrupted"]
    outcome: Outcome
    ragmeter_version: str
    definitions_version: str
    started_at: str
    seed: int
    trials: int
    workload: dict[str, Any]
    """The manifest that was run, after overrides."""
    overrides: tuple[Override, ...]
    estimates: dict[str, Distribution]
    """Per-request metrics by name: ``ttft_ms``, ``tpot_ms``, ``itl_ms``, ``e2e_ms``, ``adj_ttft_ms`` …"""
    rates: dict[str, Estimate]
    """Figures of the whole phase by name: ``output_tokens_per_s``, ``error_ratio``, ``good_ratio`` …"""
    errors_by_class: dict[str, int]
    verdicts: tuple[SloVerdict, ...]
    attribution: Attribution | None
    retrieval: Retrieval | None
    cost: Cost | None
    harness: Harness
    metadata_origins: dict[str, str | None]
    warnings: tuple[str, ...]
    formulas: dict[str, str]
    points: tuple[Point, ...]
    raw_samples_path: str | None
    slowest: tuple[SlowRequest, ...] = ()
    """By the wait for the first token, then by end-to-end latency."""
    steps: tuple[Step, ...] = ()
    """Of a sweep, in order; empty otherwise."""
    ended_at: str | None = None
    """End of the last request, warm-up included, by the wall clock; None in results that were written without it."""
    capacity: Capacity | None = None
    """Of a workload with ``load.search``; the measured phase then ran at ``capacity.held``."""
    undecided: str | None = None
    """Why the run ended before its intervals were as narrow as ``until`` asks; None when they were, or without it."""
    edge: Edge | None = None
    """Of a run with two vantage points, whose latencies are those from outside, and all else of all requests."""
    token_source: TokenSource | None = None
    """How output tokens were counted; None without a count. Figures of two sources are not compared."""
    caveats: tuple[str, ...] = ()
    """What to know of the answers before the figures: bursts, endings, lengths, counts that cannot be."""
    unknown: dict[str, str] = field(default_factory=dict)
    """Metrics that some successes do not have, and why."""
    finish_reasons: dict[str, int] = field(default_factory=dict)
    """How often the successes ended for which reason, as the server gave it."""
    overspent: str | None = None
    """What the failures did to the error budget, in a sentence, when it is spent; None while it is not."""
    failures: tuple[FailureCount, ...] = ()
    """The failed requests of the measured phase by class and HTTP status, the most frequent first."""
    caches: Caches | None = None
    """Of the service: what was declared, repeated and measured; None in results that were written without it."""
    talks: TalkFigures | None = None
    """Of a workload with ``sessions``."""
    left: Departures | None = None
    """Requests whose client went away at the time that ``leaving`` drew: neither in ``success`` nor in ``errors``."""
    replicas: tuple[Replica, ...] = ()
    """Of the measured phase, where the service has more than one: by its own ids, else by address."""
    variant: str | None = None
    """What tells it from the other runs of its session of this workload on this provider: a cache state, or ``again``
    of an A/A measurement; None where there is no other."""
    failed_tests: tuple[FailedTest, ...] = ()
    """Tests of the session that failed on this run, in the order in which they ran: ``outcome`` is the worst of theirs
    and of the verdicts'."""
    failure_groups: tuple[FailureGroup, ...] = ()
    """The failed requests of the measured phase by what they said, the most frequent first."""
    timeline: Timeline | None = None
    """Of the measured phase, all of its requests; None in results that were written without it."""
    serving: Serving | None = None
    """What the servers told of themselves in the measured phase; None where nothing was read."""
    saturation: Saturation | None = None
    """What of the servers was full first as the load rose; None of a run at one load, and where nothing was read."""
    traced: Traced | None = None
    """What OpenTelemetry spans told of the stages of the measured requests; None where none were received."""
