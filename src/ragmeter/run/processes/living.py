"""The process that shows a session while it runs, seen from the process that reports: a listener of its events."""

import os
import queue
import socket
import sys
import threading
from contextlib import suppress
from typing import Final

from ragmeter.core.campaign.events import Event, LoadEnded, Tick
from ragmeter.core.campaign.live import Record, record_of
from ragmeter.core.errors import LocalServiceError
from ragmeter.run.processes.channel import records, written
from ragmeter.run.processes.children import Child

START_S: Final = 30.0
_MOST_WAITING: Final = 100
"""Batches that the other process has not read; of more, the newest are lost, and nobody waits."""


class Live:
    """To be started, called with each event, and closed. url: of its page, once it is started."""

    def __init__(self) -> None:
        self.url = ""
        self._child: Child | None = None
        self._sock: socket.socket | None = None
        self._batch: list[Record] = []
        self._batches: queue.Queue[list[Record] | None] = queue.Queue(_MOST_WAITING)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Raises StorageError or LocalServiceError where no process can be started."""
        ours, theirs = socket.socketpair()
        self._sock = ours
        with theirs:
            command = [sys.executable, "-m", "ragmeter.run.processes.live", str(theirs.fileno())]
            self._child = Child("live", command, environment=os.environ, pass_fds=(theirs.fileno(),))
        ours.settimeout(START_S)
        with suppress(OSError):
            self.url = next(records(ours), "")
        if not self.url:
            raise LocalServiceError(f"the page of the live figures was not there within {START_S:g} s")
        ours.settimeout(None)
        self._thread = threading.Thread(target=self._send, args=(ours,), name="live", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        """A request costs an append; what was gathered is handed over a few times a second."""
        if (record := record_of(event)) is not None:
            self._batch.append(record)
        if self._batch and isinstance(event, Tick | LoadEnded):
            with suppress(queue.Full):
                self._batches.put_nowait(self._batch)
            self._batch = []

    def _send(self, sock: socket.socket) -> None:
        with suppress(OSError):
            while (batch := self._batches.get()) is not None:
                sock.sendall(written(batch))

    def close(self) -> None:
        """The page is gone with the session."""
        if self._sock is not None:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            with suppress(queue.Full):
                self._batches.put_nowait(None)
            self._thread.join(START_S)
        if self._sock is not None:
            self._sock.close()
        if self._child is not None:
            self._child.stop()
