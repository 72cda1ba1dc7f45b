"""What one phase sends, and which of several processes sends it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ragmeter.core.inputs.cache import MarkBy
from ragmeter.core.inputs.traces import Lengths
from ragmeter.core.schedule.talks import PlannedTalk

Vantage: TypeAlias = Literal["inside", "outside"]
"""From where a load is sent, as the cluster of the service has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of several processes that send one load. number: from 0. count: how many there are.

    vantage: of a load that is sent from inside and outside at once, in which the last shard is the one outside.
    """

    number: int
    count: int
    vantage: Vantage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """What keeps requests apart in a cache. by: a field of the body, or text ahead of the prompt.

    shared: the mark of all requests of a run, which then meet one another in a cache and no other run; None: each
    request has a mark of its own.
    """

    by: MarkBy
    shared: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhasePlan:
    """What one phase sends.

    step: which part of its trial this is, from 0; a trial has several when the offered load changes in steps.
    prompt_order: index of the prompt of each request; its length is the number of requests.
    lengths: of each request of a trace, or of a workload that draws them: how long prompt and answer are to be.
    positions: of a shard: the place of each of its requests in the whole phase; None for the whole.
    concurrency: slots of a closed loop; None in an open one. offsets_ns: its start times since the phase began.
    duration_s: a closed loop starts no request after it; the offsets of an open loop end before it.
    slot_starts_ns: of a closed loop: when each slot sends its first request, since the phase began; None: all at once.
    talks: the sessions that the requests are of, in order; None: each is sent by itself. The slots of a closed loop are
    then users, and an open loop has no offsets of its own.
    leaves_ns: of each request, after which time its client goes away; None for one that stays, or where all do.
    """

    name: Literal["warmup", "search", "measured"]
    trial: int
    step: int = 0
    first_index: int
    prompt_order: tuple[int, ...]
    concurrency: int | None
    offsets_ns: tuple[int, ...] | None
    duration_s: float | None
    positions: tuple[int, ...] | None = None
    lengths: tuple[Lengths, ...] | None = None
    slot_starts_ns: tuple[int, ...] | None = None
    talks: tuple[PlannedTalk, ...] | None = None
    leaves_ns: tuple[int | None, ...] | None = None

    def index(self, place: int) -> int:
        """The index in the whole run of the request at a place of this plan."""
        return self.first_index + (place if self.positions is None else self.positions[place])
