"""A raw record, read back."""

from dataclasses import dataclass

from ragmeter.core.requests.records import RequestSample
from ragmeter.core.run.plan import RunEnding, RunPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """A raw record and where it lies. sha256: of the file; None for a run in memory."""

    path: str
    plan: RunPlan
    samples: tuple[RequestSample, ...]
    ending: RunEnding
    sha256: str | None = None
