"""What happens while a load is sent and a campaign is measured: a record for each thing, told in the order in which it
happens, to the listeners.

A listener is called in the process that reports, never in one that sends load, and between requests: it must be quick
and must not raise. Events of requests belong to the last `WarmupStarted`, `LevelStarted` or `TrialStarted`, as systems
take turns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ragmeter.core.campaign.case import Case
from ragmeter.core.errors import RagmeterError
from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.plan import Shard


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence for the listeners of the campaign."""

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A case is about to be measured. shard: the part of its load that is sent from here; None for all of it."""

    case: Case
    shard: Shard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlanned:
    """The first request is about to be sent.

    runs: how many variants take turns. min_trials: of each, before ``until`` is asked; at most ``workload.trials``.
    min_s: seconds that schedules and pauses alone take. usd_per_hr: of all clusters of the session; None: not known.
    """

    workload: Workload
    runs: int
    min_trials: int
    min_s: float
    usd_per_hr: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmupStarted:
    """A variant is warmed up. label: of the variant."""

    workload: Workload
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmupEnded:
    """Every variant is warm, and the trials or the search begin.

    trials_s: predicted length of the trials in seconds; None when it cannot be predicted. usd_per_hr: as in
    `CampaignPlanned`. over_budget: which limit of the session that would exceed, if any.
    """

    trials_s: float | None
    usd_per_hr: float | None
    over_budget: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelStarted:
    """A search tries a load. level: requests per second, or slots of a closed loop."""

    workload: Workload
    label: str
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStarted:
    """A variant runs a trial. trial: its number, from 0, which is that of its block."""

    workload: Workload
    label: str
    trial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """A phase begins. requests: how many it sends, or may send. step: of a sweep, from 0. lasts_s: seconds that it
    sends, where that is known; None: until the last of its requests.
    """

    phase: Phase
    requests: int
    step: int = 0
    lasts_s: float | None = None


@dataclass(frozen=True, slots=True)
class RequestStarted:
    """One request was sent."""


@dataclass(frozen=True, slots=True)
class RequestEnded:
    """One request ended, whether or not it succeeded."""

    sample: RequestSample


@dataclass(frozen=True, slots=True)
class ServersRead:
    """The metrics of a server were read, or could not be."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Tick:
    """A few times a second while a load is sent."""


@dataclass(frozen=True, slots=True)
class LoadEnded:
    """No further request is sent: the load is over, or was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A case has a result, which is of an interrupted run if ``result.status`` says so. run.path: of its raw record."""

    case: Case
    run: SavedRun
    result: RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    """A case has no result."""

    case: Case
    error: RagmeterError


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignEnded:
    """Every case has a result or a failure. interrupted: whether Ctrl-C ended the campaign."""

    interrupted: bool


Event: TypeAlias = (
    Said
    | RunStarted
    | CampaignPlanned
    | WarmupStarted
    | WarmupEnded
    | LevelStarted
    | TrialStarted
    | PhaseStarted
    | RequestStarted
    | RequestEnded
    | ServersRead
    | Tick
    | LoadEnded
    | RunEnded
    | RunFailed
    | CampaignEnded
)

Emit: TypeAlias = Callable[[Event], None]
"""Tells a listener what has happened."""


def unheard(_event: Event) -> None:
    """Where nobody listens."""


def telling(*listeners: Emit) -> Emit:
    """A listener that tells each of these."""

    def tell(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell


def saying(emit: Emit) -> Callable[[str], None]:
    """A function that tells a sentence."""
    return lambda line: emit(Said(line))
