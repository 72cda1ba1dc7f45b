"""Verdicts as they are written to a result."""

from dataclasses import dataclass
from enum import StrEnum

from ragmeter.core.requests.figure import OfFigure


class Outcome(StrEnum):
    """PASS and FAIL only when the whole interval lies on one side of the bound.

    INCONCLUSIVE: the bound lies inside the interval. NO_DATA: too few samples to say anything, or none.
    INVALID: the harness itself was late or starved, so its figures say nothing about the target; or the caches of the
    target were not in the state that was declared.
    NOT_JUDGED: no bound was declared, and the default error budget was kept; neither good nor bad.
    """

    PASS = "PASS"  # noqa: S105 - not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NO_DATA = "NO_DATA"
    INVALID = "INVALID"
    NOT_JUDGED = "NOT_JUDGED"


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
class SloVerdict(OfFigure):
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
    """Where the SLO was declared: a manifest, a provider file, the option, or ``default error budget``."""
    steps: tuple[StepVerdict, ...] = ()
    """Of a sweep: each step that it is of; empty otherwise."""
    judged_on: str | None = None
    """The failure-aware metric that the figures are of, such as ``adj_ttft_ms``, where the error budget was spent."""
