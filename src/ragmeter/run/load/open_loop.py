"""Starting requests when the plan says so. What a request is, and what is kept of it, is not decided here."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ragmeter.clients.connection.pauses import Pauses
from ragmeter.core.inputs.traces import Lengths
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.run.load.alarm import alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One request to be sent. scheduled_ns: a ``time.monotonic_ns`` reading. lengths, leaves_ns: see `PhasePlan`.
    session, turn: of a turn of a conversation.
    """

    index: int
    prompt_index: int
    scheduled_ns: int
    lengths: Lengths | None = None
    leaves_ns: int | None = None
    session: int | None = None
    turn: int | None = None


Send = Callable[[Start], Awaitable[None]]


async def drive(plan: PhasePlan, send: Send, begin_ns: int | None = None, pauses: Pauses | None = None) -> None:
    """Run one phase: returns when every request it started has ended.

    In a closed loop each slot sends its next request when its last has ended. In an open loop starts follow the
    offsets alone: nobody waits for an answer, and a start that is late does not move the later ones.
    begin_ns: the ``time.monotonic_ns`` reading at which the phase begins; None for now. It may have passed: an open
    loop is then late, and a closed one begins at once. pauses: is told of each start of an open loop before its moment.
    """
    if plan.offsets_ns is None:
        await _closed(plan, send, begin_ns)
    else:
        await _open(plan, plan.offsets_ns, send, begin_ns, pauses or Pauses())


async def _closed(plan: PhasePlan, send: Send, begin_ns: int | None) -> None:
    if begin_ns is not None:
        with alarm() as clock:
            await clock.until(begin_ns)
    began_ns = time.monotonic_ns()
    places = iter(range(len(plan.prompt_order)))

    async def slot(number: int) -> None:
        if plan.slot_starts_ns is not None:
            await asyncio.sleep(plan.slot_starts_ns[number] / 1e9)
        for place in places:
            now_ns = time.monotonic_ns()
            if plan.duration_s is not None and now_ns - began_ns >= plan.duration_s * 1e9:
                return
            await send(start_of(plan, place, now_ns))

    async with asyncio.TaskGroup() as group:
        for number in range(min(plan.concurrency or 1, len(plan.prompt_order))):
            group.create_task(slot(number))


async def _open(plan: PhasePlan, offsets_ns: tuple[int, ...], send: Send, begin_ns: int | None, pauses: Pauses) -> None:
    began_ns = time.monotonic_ns() if begin_ns is None else begin_ns
    async with asyncio.TaskGroup() as group:
        with alarm() as clock, ended(pauses):
            for place, offset_ns in enumerate(offsets_ns):
                start = start_of(plan, place, began_ns + offset_ns)
                pauses.until(start.scheduled_ns)
                await clock.until(start.scheduled_ns)
                group.create_task(_coroutine(send, start))
                await asyncio.sleep(0)  # it is sent now, and not when the next moment has been waited for


@contextmanager
def ended(pauses: Pauses) -> Iterator[None]:
    """Whatever ends the schedule, what was put off goes on."""
    try:
        yield
    finally:
        pauses.until(None)


async def _coroutine(send: Send, start: Start) -> None:
    await send(start)


def start_of(plan: PhasePlan, place: int, scheduled_ns: int) -> Start:
    """The request at a place of the plan, at its moment."""
    return Start(
        index=plan.index(place),
        prompt_index=plan.prompt_order[place],
        scheduled_ns=scheduled_ns,
        lengths=None if plan.lengths is None else plan.lengths[place],
        leaves_ns=None if plan.leaves_ns is None else plan.leaves_ns[place],
    )
