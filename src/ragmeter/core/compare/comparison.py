"""What a comparison of runs says: the document ``comparison.v1``, field by field."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from ragmeter.core.money.economics import Economics
from ragmeter.core.requests.figure import OfFigure
from ragmeter.core.run.identity import FieldAcross, IdentityDiff
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.capacity import Capacity
from ragmeter.core.verdicts.records import Outcome, SloVerdict


class Decision(StrEnum):
    """Of one metric of two systems A and B.

    A_BETTER and B_BETTER: significant after the correction, outside the noise band, at least five trials a side.
    NO_DIFFERENCE: the whole interval lies within the smallest difference that matters. NOT_DECIDABLE: anything else.
    """

    A_BETTER = "A_BETTER"
    B_BETTER = "B_BETTER"
    NO_DIFFERENCE = "NO_DIFFERENCE"
    NOT_DECIDABLE = "NOT_DECIDABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One run that is compared.

    estimates: of the run by itself, by ``p95(ttft_ms)`` and the like. figures: one a trial of each metric that is
    compared, in the order of the trials. curves: by metric the 0th to 100th percentile of the successes of all trials.
    effective_decode_concurrency: mean streams between first and last token. not_fit: why the measurement is not
    valid; empty when it is. caveats: of its figures, in sentences.
    netprobe_reference: an east-west probe that belongs to the run. overspent: as in `RunResult`: such a side is neither
    faster nor cheaper than any other.
    raw_sha256: of the raw record; None for a run in memory.
    outcome, verdicts: of the run by itself, as in `RunResult`; None and empty of results of another tool. capacity: of
    a run that searched it: its figures are those at the load that held.
    asked: what was asked of the service and where, by name. declared: the fields of it that somebody typed and nobody
    observed, and who says so. price_doubt: why the prices may be those of another cluster.
    seconds_per_trial: wall time of a trial with the pause after it.
    """

    label: str
    run_id: str
    provider: str
    workload: str
    started_at: str
    status: Literal["complete", "interrupted"]
    trials: int
    requests: int
    error_ratio: Estimate
    estimates: dict[str, Estimate]
    figures: dict[str, tuple[float | None, ...]]
    curves: dict[str, tuple[float, ...]]
    cost: Economics | None
    mean_output_tokens: float | None
    effective_decode_concurrency: float | None
    not_fit: tuple[str, ...]
    caveats: tuple[str, ...]
    netprobe_reference: str | None
    raw_samples_path: str
    raw_sha256: str | None
    overspent: str | None = None
    outcome: Outcome | None = None
    verdicts: tuple[SloVerdict, ...] = ()
    capacity: Capacity | None = None
    asked: dict[str, Any] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    price_doubt: str | None = None
    seconds_per_trial: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricComparison(OfFigure):
    """One metric of A and B.

    a, b: of the typical trial, the geometric mean over trials; None where a trial has no value.
    ratio: B / A with its interval. difference: B - A in the metric's unit, at the level of A.
    p_adjusted: after Holm's correction over all metrics and pairs. detectable_ratio: smallest relative difference that
    this many trials call with a power of 80 %, and outside the noise band. noise_ratio: relative difference within
    which identical systems differ; None without A/A runs. trials_needed: further trials a side; None when decided, or
    when over 1,000.
    """

    metric: str
    statistic: str | None
    unit: str
    a: float | None
    b: float | None
    ratio: Estimate
    difference: Estimate
    p_value: float | None
    p_adjusted: float | None
    detectable_ratio: float | None
    noise_ratio: float | None
    trials_needed: int | None
    decision: Decision
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairComparison:
    """a, b: labels of the sides. blocks: how many trials were compared in pairs, as they ran interleaved; 0 when the
    sides are two independent groups. caveats: of this pair, beside those of its sides.
    """

    a: str
    b: str
    blocks: int
    identity: IdentityDiff
    metrics: tuple[MetricComparison, ...]
    caveats: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """Between which places a side can be, 1 being the best: more than one place where a comparison is not decided."""

    label: str
    best: int
    worst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking(OfFigure):
    """The sides by one metric, best first. All ranks of all rankings hold together with 95 % confidence."""

    metric: str
    statistic: str | None
    ranks: tuple[Rank, ...]


Kind: TypeAlias = Literal["answer", "relation", "tie", "misses", "barred", "open", "basis"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that a comparison says, the first one being its answer.

    kind: ``answer`` (who is best of those that meet the SLOs), ``relation`` (a difference that is shown), ``tie``,
    ``misses`` (a side that does not meet its SLOs, or is not shown to), ``barred`` (one of which nothing is claimed),
    ``open`` (what is not decided), ``basis`` (at which load). labels: of the sides that it is about.
    """

    kind: Kind
    labels: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """What it takes to decide what is open. trials: more of them on each side. usd: of all clusters for that time; None
    where the price of one is not known.
    """

    trials: int
    minutes: float
    usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every pair of two or more runs, or each of them with the reference.

    min_effect_ratio: the smallest relative difference that matters. family: how many figures were tested at once.
    environment: the fields in which the sides differ. noise_from: the runs of one system that the noise band is from.
    claims: what it comes down to, in sentences: what is decided first. further: None when nothing is open that more
    trials decide.
    """

    schema: Literal["comparison.v1"] = "comparison.v1"
    ragmeter_version: str
    min_effect_ratio: float
    family: int
    reference: str | None
    sides: tuple[Side, ...]
    pairs: tuple[PairComparison, ...]
    rankings: tuple[Ranking, ...]
    environment: tuple[FieldAcross, ...]
    noise_from: tuple[str, ...]
    claims: tuple[Claim, ...] = ()
    further: Further | None = None
