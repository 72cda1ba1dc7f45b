"""What a run says: estimates, verdicts, attribution, money. These records are the result document, field by field."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias


class Outcome(StrEnum):
    """PASS and FAIL only when the whole interval lies on one side of the bound.

    INCONCLUSIVE: the bound lies inside the interval. NO_DATA: too few samples to say anything, or none.
    INVALID: the harness itself was late or starved, so its figures say nothing about the target.
    """

    PASS = "PASS"  # noqa: S105 - not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NO_DATA = "NO_DATA"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its uncertainty.

    value: None without samples. low, high: the confidence interval; None where it is unbounded or unknown.
    enough: whether n reaches the minimum for this statistic (MLPerf early stopping, c = 0.99).
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    enough: bool
    confidence: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One per-request metric over the requests of a phase; ``n`` of them had a value."""

    unit: str
    n: int
    mean: Estimate
    p50: Estimate
    p90: Estimate
    p95: Estimate
    p99: Estimate
    min: float | None
    max: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseFigures:
    """The figures of one phase, under the names users know.

    duration_seconds: from the first scheduled send to the last end of the phase.
    avg_tokens_per_sec: mean over successes of output tokens / end-to-end latency, as users know it; the decode speed is
    the metric ``tokens_per_s``. output_tokens_per_s: throughput of the whole system.
    Percentiles are of successes and None when there are none.
    """

    requests: int
    success: int
    errors: int
    duration_seconds: float | None
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
    output_tokens_per_s: float | None
    requests_per_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepVerdict:
    """An SLO at one step of a sweep, from 0; the fields are those of `SloVerdict`."""

    step: int
    rate_per_s: float
    outcome: Outcome
    sentence: str
    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SloVerdict:
    """One SLO, judged. ``sentence`` is what a person reads; the rest is what a program reads.

    Of a sweep it is judged at each step, and the worst of ``steps`` decides: outcome and figures are those of the
    lowest rate with the worst outcome, or of the highest rate when every step passes.
    """

    slo: str
    outcome: Outcome
    sentence: str
    metric: str
    statistic: str | None
    operator: str
    bound: float
    value: float | None
    low: float | None
    high: float | None
    n: int
    origin: str
    """Where the SLO was declared: a manifest, a provider file or the option."""
    steps: tuple[StepVerdict, ...] = ()
    """Of a sweep: each step that it is of; empty otherwise."""


Basis: TypeAlias = Literal["server", "client", "probe", "remainder"]
"""The server reported it, the client's kernel measured it, an east-west probe measured it, or it is what remains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One part of the time to first token."""

    name: str
    label: str
    mean_ms: float
    share_ratio: float
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Where the client's TTFT went: the stages add up to ``ttft_mean_ms``.

    Computed over the ``n`` successes whose server reported its stage times; ``tail`` over those of them whose
    TTFT is at or above the 95th percentile (None below 20 requests). measured_ratio: share of the mean TTFT in stages
    that somebody measured; the rest is inferred by subtraction. llm_network: which round trip is taken for the network
    to the LLM, and why; None where none is.
    """

    n: int
    ttft_mean_ms: float
    stages: tuple[Stage, ...]
    tail: tuple[Stage, ...] | None
    tail_ttft_mean_ms: float | None
    decode_mean_ms: float | None
    measured_ratio: float
    sentence: str
    tail_sentence: str | None
    llm_network: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Quality guard: recall@k over the measured requests whose prompt has labelled passages.

    recall_at_k: mean over requests of |retrieved ∩ relevant| / |relevant|; hit_ratio: share with at least one.
    """

    k: int
    n: int
    recall_at_k: Estimate
    hit_ratio: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the measured phase cost, in USD; None where nothing is known or there is nothing to divide by."""

    as_of: str | None
    source: str | None
    hourly_cluster_cost_usd: float | None
    benchmark_run_cost_usd: float | None
    egress_cost_usd: float | None
    usd_per_1m_tokens: float | None
    usd_per_1m_good_tokens: float | None
    usd_per_request: float | None
    usd_per_successful_request: float | None
    usd_per_good_request: float | None
    usd_per_month: float | None
    offer: str | None = None
    """How the nodes are paid, such as spot; None for the list prices of the sheet."""
    parts: dict[str, float] = field(default_factory=dict)
    """USD per hour of each part of the cluster, by name."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """How far a metric of one request is off by the client alone, in ms: |reported - true|."""

    p50: Estimate
    p99: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the client made of a server on its own machine whose times are known, at the load of the run.

    requests, concurrency, rate_per_s, events_per_s: the load. floors: by metric, ``ttft_ms``, ``itl_ms``, ``tpot_ms``.
    client_cpu_ratio: as in `Harness`.
    """

    requests: int
    concurrency: int | None
    rate_per_s: float | None
    events_per_s: float
    floors: dict[str, Floor]
    client_cpu_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """Whether the client was fit to measure. ``reasons`` is empty when it was.

    calibration: what it made of a known server before the run; None when it was not asked to. real_time: whether its
    processes had real-time priority; None if not known.

    clock: ``capture``, ``kernel`` or ``user``. exact_stamp_ratio: share of the text events whose arrival is known
    exactly. stamp_width_max_ms: the widest interval in which one of the others came. ttft_width_p99_ms,
    itl_width_p99_ms: p99 of how much the TTFT of a request may be too long and a gap off for that. None when the clock
    cannot say. rtt_mean_ms, retransmits: least round trip and segments sent again of the client's own
    connections, by the kernel; None where it does not tell. What the server sent again is not in them.
    """

    clock: str
    client_cpu_ratio: float | None
    schedule_lag_p99_ms: float | None
    offered_rate_per_s: float | None
    achieved_rate_per_s: float | None
    peak_concurrency: int
    effective_decode_concurrency: float | None
    exact_stamp_ratio: float | None = None
    stamp_width_max_ms: float | None = None
    ttft_width_p99_ms: float | None = None
    itl_width_p99_ms: float | None = None
    rtt_mean_ms: float | None = None
    retransmits: int | None = None
    reasons: tuple[str, ...] = ()
    calibration: Calibration | None = None
    real_time: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a sweep, over all trials. rate_per_s: as asked for; offered and achieved are as in `Harness`."""

    step: int
    rate_per_s: float
    offered_rate_per_s: float | None
    achieved_rate_per_s: float | None
    requests: int
    errors: int
    requests_per_s: float | None
    output_tokens_per_s: float | None
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    tpot_p50_ms: float | None
    tpot_p95_ms: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    peak_concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A metadata value and who said so (``provider file``, ``environment``, ``backend /info``, …)."""

    value: Any
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measured request for plots; ``t_s`` is its send time since the phase began, by the clock of its machine."""

    t_s: float
    ttft_ms: float | None
    e2e_ms: float | None
    tpot_ms: float | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowRequest:
    """One of the slowest requests of the measured phase.

    ttft_rank, elapsed_rank: its place by the first token and by the whole time, from 1; None beyond
    `core.slowest.SHOWN`. A failed request has both, as far as it came. t_s: as in `Point`. ttft_ms: None when no text
    came. elapsed_ms: from the send to the end, of a failed request to the failure. stages: of the elapsed time, in
    order; they add up to it. trace_url: of its trace in the user's tracer, where the provider file says the address.
    """

    index: int
    trial: int
    prompt_index: int
    ttft_rank: int | None
    elapsed_rank: int | None
    t_s: float
    ttft_ms: float | None
    elapsed_ms: float
    prompt_tokens: int | None
    output_tokens: int | None
    stages: tuple[Stage, ...]
    error: str | None
    request_id: str | None
    trace_id: str | None
    trace_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A manifest value that was replaced: precedence is option > environment > manifest."""

    key: str
    manifest: Any
    used: Any
    origin: str


class Tried(StrEnum):
    """Of one load of a capacity search: whether the share of good requests is at or above what is asked.

    INVALID: the client was not fit to measure at this load.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeMetric:
    """One figure of both vantage points: the mean over trials of each, and of outside - inside with its interval."""

    metric: str
    statistic: str | None
    unit: str
    inside: float
    outside: float
    difference: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What a provider's edge adds, from a run of which half of the requests were sent from inside of the cluster.

    trials: that both sides measured. metrics: those that every trial has on both sides. caveats: what weakens it.
    """

    trials: int
    inside_requests: int
    outside_requests: int
    metrics: tuple[EdgeMetric, ...]
    sentence: str
    caveats: tuple[str, ...]


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
    """By the wait for the first token, then by the whole time."""
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
