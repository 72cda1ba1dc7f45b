"""Conversations of a phase: each turn follows the answer to the one before, after the time that its user thinks."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ragmeter.clients.connection.pauses import Pauses
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.core.schedule.talks import PlannedTalk
from ragmeter.run.load.alarm import alarm
from ragmeter.run.load.open_loop import Start, ended, start_of

TIMER_S = 0.001
"""The timer of an event loop counts in ms, and may wake that much early."""
Say = Callable[[Start], Awaitable[int | None]]
"""Sends one turn. Gives the ``time.monotonic_ns`` reading at which its answer ended; None where the session does."""


async def talk_all(plan: PhasePlan, say: Say, begin_ns: int | None, pauses: Pauses) -> None:
    """Run one phase of sessions: returns when each has ended.

    In a closed loop each user begins the next session when the last has ended. In an open loop sessions begin at their
    offsets, while others are still talking. A turn that is due after the duration of the phase is not sent.

    A first turn of an open loop is scheduled at its offset. Any other is scheduled when its user has thought, by the
    timer of the event loop: how late that wakes is time to think, and no lag.
    """
    talks = plan.talks or ()
    if plan.concurrency is None:
        await _open(plan, talks, say, begin_ns, pauses)
    else:
        await _closed(plan, talks, say, begin_ns)


async def _closed(plan: PhasePlan, talks: tuple[PlannedTalk, ...], say: Say, begin_ns: int | None) -> None:
    if begin_ns is not None:
        with alarm() as clock:
            await clock.until(begin_ns)
    end_ns = _end_ns(plan, time.monotonic_ns())
    waiting = iter(talks)

    async def user() -> None:
        for talk in waiting:
            now_ns = time.monotonic_ns()
            if now_ns >= end_ns:
                return
            await _talk(plan, talk, say, now_ns, end_ns)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(plan.concurrency or 1, len(talks))):
            group.create_task(user())


async def _open(
    plan: PhasePlan, talks: tuple[PlannedTalk, ...], say: Say, begin_ns: int | None, pauses: Pauses
) -> None:
    began_ns = time.monotonic_ns() if begin_ns is None else begin_ns
    end_ns = _end_ns(plan, began_ns)
    async with asyncio.TaskGroup() as group:
        with alarm() as clock, ended(pauses):
            for talk in talks:
                moment_ns = began_ns + (talk.offset_ns or 0)
                pauses.until(moment_ns)
                await clock.until(moment_ns)
                group.create_task(_talk(plan, talk, say, moment_ns, end_ns))
                await asyncio.sleep(0)  # it is sent now, and not when the next moment has been waited for


def _end_ns(plan: PhasePlan, began_ns: int) -> float:
    return float("inf") if plan.duration_s is None else began_ns + plan.duration_s * 1e9


async def _talk(plan: PhasePlan, talk: PlannedTalk, say: Say, scheduled_ns: int, end_ns: float) -> None:
    for turn, place in enumerate(talk.places, start=1):
        start = replace(start_of(plan, place, scheduled_ns), session=talk.number, turn=turn)
        answered_ns = await say(start)
        if answered_ns is None or turn == talk.turns:
            return
        due_ns = answered_ns + talk.thinks_ns[turn - 1]
        if due_ns >= end_ns:
            return
        while (ahead_ns := due_ns - time.monotonic_ns()) > 0:  # noqa: ASYNC110 - a timer may wake early
            await asyncio.sleep(ahead_ns / 1e9 + TIMER_S)
        scheduled_ns = time.monotonic_ns()
