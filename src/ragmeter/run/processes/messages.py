"""What a load process is told, and what it tells."""

from dataclasses import dataclass, field

from ragmeter.clients.plugins.registry import Named
from ragmeter.core.inputs.masking import Secrets
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.schedule.plan import Marking, PhasePlan
from ragmeter.run.load.loader import ClientLoad


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Open connections, after closing those to another service. Answered by `Ready` or `Refused`.

    connections: at the most. at_once: how many are opened now: a server that serves one connection at a time would wait
    on one that nothing is sent on. None for all.
    marking: as in `RunPlan`. traced: as in `Loader`. plugins: those that a hook has named. process, processes: the
    number of the load process, from 0 on, and how many there are.
    """

    workload: Workload
    provider: Provider
    origin_ns: int
    connections: int
    clock: str
    at_once: int | None = None
    marking: Marking | None = None
    traced: bool = False
    plugins: tuple[Named, ...] = ()
    process: int = 0
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make ready to send a phase. Answered by `Ready`."""

    plan: PhasePlan


@dataclass(frozen=True, slots=True)
class Begin:
    """Send what was prepared. Answered by a `RequestSample` for each request, `Started` now and then, `Sent` at last.

    at_ns: the ``time.monotonic_ns`` reading at which the phase begins, for all processes the same; it is one clock.
    """

    at_ns: int


@dataclass(frozen=True, slots=True)
class Renew:
    """The header that lets the requests in has another value from now on. Not answered; a phase goes on."""

    header: str
    value: str = field(repr=False)
    secrets: Secrets


@dataclass(frozen=True, slots=True)
class Stop:
    """End the phase that is being sent."""


@dataclass(frozen=True, slots=True)
class Ready:
    """It is done, and what follows can be asked for."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Connections could not be opened, for this reason. is_own: whether it is this machine's."""

    reason: str
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """So many requests were sent since the last time."""

    count: int


@dataclass(frozen=True, slots=True)
class Sent:
    """The phase is over; None when it was stopped."""

    client_load: ClientLoad | None
