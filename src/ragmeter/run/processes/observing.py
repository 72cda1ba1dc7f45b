"""The observing process, seen from the process that reports: told when a span of load begins and ends, listened to."""

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Literal, Self

from ragmeter.clients.observe.source import MetricsSource
from ragmeter.core.figures.observe.records import Reading, Span
from ragmeter.run.processes.channel import records, written
from ragmeter.run.processes.children import Child
from ragmeter.run.processes.observer_messages import BeginSpan, DropSpan, EdgeRead, EndSpan, Renew

START_S: Final = 30.0
"""The first answer comes when the process has started, on a busy machine too."""
_LATE_S: Final = 2.0


class Observer:
    """A context manager: the process starts at its first use and is gone at the end; none outlives this process."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._sock: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._ticks: list[Reading] = []
        self._waiting: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Future[tuple[Reading, ...]]]] = {}
        self._number = 0
        self.has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._sock is not None:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
            self._sock.close()
        if self._child is not None:
            self._child.stop()
        if self._thread is not None:
            self._thread.join()

    def start(self) -> None:
        """Raises StorageError or LocalServiceError where no process can be started."""
        if self._child is not None:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            self._child = Child(
                "observer",
                [sys.executable, "-m", "ragmeter.run.processes.observer", str(theirs.fileno())],
                environment=os.environ,
                pass_fds=(theirs.fileno(),),
            )
        self._sock = ours
        self._thread = threading.Thread(target=self._listen, args=(ours,), name="observer", daemon=True)
        self._thread.start()

    def next_number(self) -> int:
        """Of a span."""
        self._number += 1
        return self._number

    def tell(self, order: BeginSpan | EndSpan | DropSpan | Renew) -> None:
        """What cannot be told to a process that is gone is noticed by those who wait for it."""
        if self._sock is not None:
            with suppress(OSError):
                self._sock.sendall(written(order))

    async def edge(self, number: int, order: BeginSpan | EndSpan, timeout_s: float) -> tuple[Reading, ...]:
        """What was read at an edge of a span; nothing where no answer came in time."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[Reading, ...]] = loop.create_future()
        with self._lock:
            if self.has_ended:
                return ()
            self._waiting[number] = (loop, answer)
        self.tell(order)
        try:
            async with asyncio.timeout(timeout_s):
                return await answer
        except TimeoutError:
            return ()
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def taken(self) -> list[Reading]:
        """What was read between the edges since the last call."""
        with self._lock:
            found, self._ticks = self._ticks, []
        return found

    def _listen(self, sock: socket.socket) -> None:
        with suppress(OSError):
            for told in records(sock):
                with self._lock:
                    if isinstance(told, Reading):
                        self._ticks.append(told)
                    elif isinstance(told, EdgeRead):
                        self._edge_read(told)
        with self._lock:
            self.has_ended = True
            for number in list(self._waiting):
                self._answer(number, ())

    def _edge_read(self, told: EdgeRead) -> None:
        if any(reading.edge == "begin" for reading in told.readings):
            self._ticks.clear()  # of a span that was dropped
        if told.number in self._waiting:
            self._answer(told.number, told.readings)

    def _answer(self, number: int, readings: tuple[Reading, ...]) -> None:
        loop, answer = self._waiting.pop(number)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, answer, readings)


def _settle(answer: "asyncio.Future[tuple[Reading, ...]]", readings: tuple[Reading, ...]) -> None:
    if not answer.done():
        answer.set_result(readings)


@dataclass(slots=True)
class Observation:
    """What is read of the servers of one run. origin_ns: as in `session.measure.Conditions`."""

    observer: Observer
    sources: Sequence[MetricsSource]
    origin_ns: int
    _number: int | None = field(default=None, init=False)

    async def begin(self, span: Span) -> list[Reading]:
        """Read every source, exactly before the load of the span; from now on each of them is read once a second."""
        self.observer.start()
        number = self._number = self.observer.next_number()
        order = BeginSpan(number=number, span=span, sources=tuple(self.sources), origin_ns=self.origin_ns)
        return self._whole(span, "begin", await self.observer.edge(number, order, START_S + self._patience_s))

    async def end(self, span: Span) -> list[Reading]:
        """Read every source exactly after the load: with the readings of the seconds in between."""
        if (number := self._number) is None:
            return []
        self._number = None
        edge = await self.observer.edge(number, EndSpan(number), self._patience_s + _LATE_S)
        return [*self.taken(), *self._whole(span, "end", edge)]

    def renew(self, sources: Sequence[MetricsSource]) -> None:
        """The same sources, whose headers are new: those of before expire."""
        self.sources = sources
        if self._number is not None:
            self.observer.tell(Renew(tuple(sources)))

    @property
    def _patience_s(self) -> float:
        return max((source.patience_s for source in self.sources), default=0.0)

    def drop(self) -> None:
        """The span is cut short: nothing is read after it."""
        if self._number is not None:
            self._number = None
            self.observer.tell(DropSpan())

    def taken(self) -> list[Reading]:
        """What was read since the last call."""
        return self.observer.taken()

    def _whole(self, span: Span, edge: Literal["begin", "end"], found: Sequence[Reading]) -> list[Reading]:
        """With what did not come as readings that failed: a gap is said, and never left out."""
        told = {reading.source for reading in found}
        why = "the observing process has ended" if self.observer.has_ended else "the observing process did not answer"
        now_ns = time.monotonic_ns() - self.origin_ns
        missing = [source.url for source in self.sources if source.url not in told]
        return [
            *found,
            *(Reading(source=url, span=span, at_ns=now_ns, took_ns=0, edge=edge, failure=why) for url in missing),
        ]
