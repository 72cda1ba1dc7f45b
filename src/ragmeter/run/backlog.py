"""Work that waits until nothing more urgent is to be done, but never for long."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE_NS = 200_000_000


class Backlog(Generic[T]):
    """Does ``work`` on each item, in order, one for each turn of the event loop while none has waited for 0.2 s.

    Reading a finished answer takes a millisecond. Done at once it would hold up the requests that are due, most of all
    when many answers end together.
    """

    def __init__(self, work: Callable[[T], None]) -> None:
        self._work = work
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
            self._changed.clear()
            await self._changed.wait()
            return
        added_ns = self._do_oldest()
        if time.monotonic_ns() - added_ns < PATIENCE_NS:
            await asyncio.sleep(0)

    def _do_oldest(self) -> int:
        added_ns, item = self._items.popleft()
        self._work(item)
        return added_ns
