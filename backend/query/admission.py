"""How many queries are served at once, how many may wait, and that nobody waits without end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import Gauge

from ..errors import OverloadedError


class Admission:
    """First come, first served."""

    def __init__(self, *, max_inflight: int, max_queue: int, gauge: Gauge) -> None:
        self._max_inflight = max_inflight
        self._max_queue = max_queue
        self._gauge = gauge
        self._inflight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[float]:
        """Holds a place; yields the milliseconds that it took to get one. Raises OverloadedError when too many wait."""
        waited_ms = await self._enter()
        self._gauge.inc()
        try:
            yield waited_ms
        finally:
            self._gauge.dec()
            self._leave()

    async def _enter(self) -> float:
        if self._inflight < self._max_inflight:
            self._inflight += 1
            return 0.0
        if len(self._waiting) >= self._max_queue:
            raise OverloadedError(
                f"{self._inflight} queries are served (RAG_MAX_INFLIGHT) and {len(self._waiting)} wait (RAG_MAX_QUEUE)"
            )
        started_ns = time.perf_counter_ns()
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the place was handed over in the same moment
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise
        return (time.perf_counter_ns() - started_ns) / 1e6

    def _leave(self) -> None:
        """Hands the place to the first who waits, or frees it."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._inflight -= 1
