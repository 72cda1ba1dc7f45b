"""Work that waits until nothing more urgent is to be done, but never for long."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from ragmeter.clients.connection.pauses import Pauses

T = TypeVar("T")

PATIENCE_NS = 200_000_000
SPELL_NS = 2_000_000
"""Work of a process that is ahead of all others, after which it rests for as long: they have its core meanwhile."""


class Backlog(Generic[T]):
    """Does ``work`` on each item, in order, one for each turn of the event loop and in the pauses between sends.

    Reading a finished answer takes up to a millisecond. Done at once it would hold up the requests that are due, most
    of all when many answers end together. What has waited for 0.2 s is done, send or no send.

    rests: whether this process has real-time priority, and a service on the same core would wait for all of the work.
    Until the backlog is closed it then works for half of the time at most.
    """

    def __init__(self, work: Callable[[T], None], pauses: Pauses, *, rests: bool = False) -> None:
        self._work = work
        self._rests = rests
        self._spell_ns = 0
        self._pauses = pauses
        self._took_ns = 0
        self._items: deque[tuple[int, T]] = deque()
        self._changed = asyncio.Event()
        self._closed = False

    def add(self, item: T) -> None:
        self._items.append((time.monotonic_ns(), item))
        self._changed.set()

    def close(self) -> None:
        """Nothing will be added; ``run`` returns when all is done."""
        self._closed = True
        self._changed.set()

    async def run(self) -> None:
        """Work until closed. When cancelled, what is left is done at once."""
        try:
            while self._items or not self._closed:
                await self._next()
        except asyncio.CancelledError:
            while self._items:
                self._do_oldest()
            raise

    async def _next(self) -> None:
        if not self._items:
            self._spell_ns = 0
            self._changed.clear()
            await self._changed.wait()
            return
        if self._rests and self._spell_ns >= SPELL_NS and not self._closed:
            spell_s, self._spell_ns = self._spell_ns / 1e9, 0
            await asyncio.sleep(spell_s)
        elif self._is_overdue():
            self._do_oldest()
        elif self._pauses.fits(self._took_ns):
            self._do_oldest()
            await asyncio.sleep(0)
        else:
            await self._next_send()

    def _is_overdue(self) -> bool:
        return bool(self._items) and time.monotonic_ns() - self._items[0][0] >= PATIENCE_NS

    async def _next_send(self) -> None:
        sent = asyncio.Event()
        self._pauses.after_send(sent.set)
        await sent.wait()

    def _do_oldest(self) -> None:
        began_ns, worked_ns = time.monotonic_ns(), time.thread_time_ns()
        _, item = self._items.popleft()
        self._work(item)
        took_ns = time.monotonic_ns() - began_ns
        self._spell_ns += time.thread_time_ns() - worked_ns  # while others have the core, nobody waits for it
        self._took_ns = max(took_ns, self._took_ns * 7 // 8)  # the next may be one of the longer ones
