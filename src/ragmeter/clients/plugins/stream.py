"""A connection whose bytes are dated where they arrive, for protocols that others speak."""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import Self

from ragmeter.clients.connection.connection import Link, Setup
from ragmeter.clients.connection.tcp_info import TcpInfo


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes, and when the last of them arrived: a ``time.monotonic_ns`` reading.

    earliest_ns: after when the first of them arrived; None where the clock cannot say.
    """

    data: bytes
    at_ns: int
    earliest_ns: int | None = None

    def of(self, message: bytes | str) -> Self:
        """The arrival of a message that these bytes made whole."""
        return replace(self, data=message.encode() if isinstance(message, str) else message)


class Stream:
    """A connected stream of bytes, TLS undone. ``link``, ``setup`` and ``tcp_info`` are set when it has come up."""

    link: Link

    def __init__(self) -> None:
        self.setup: Setup | None = None
        self.tcp_info: TcpInfo | None = None
        self.sent_bytes = 0
        self.received_bytes = 0
        self._reads: deque[Arrival] = deque()
        self._ended = False
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def write(self, data: bytes) -> None:
        """Send now what the kernel takes, and the rest as it takes it."""
        self.sent_bytes += len(data)
        self.link.write(data)

    async def read(self) -> Arrival | None:
        """The next bytes, as they were read; None when the service has closed the connection.

        Raises ConnectionError where it was reset.
        """
        while not self._reads and not self._ended:
            self._news.clear()
            await self._news.wait()
        if self._reads:
            return self._reads.popleft()
        if self._error is not None:
            raise ConnectionResetError(f"the connection was reset ({self._error})")
        return None

    def close(self) -> None:
        """At once: nothing is awaited, and nothing more is read."""
        self.tcp_info = self.link.tcp_info() or self.tcp_info
        self._ended = True
        self._news.set()
        self.link.abort()

    @property
    def is_chunked(self) -> bool:
        """See `ragmeter.clients.connection.connection.Receiver`: what comes next is not known here."""
        return False

    def received(self, data: bytes, at_ns: int, earliest_ns: int | None, exact: bool) -> None:  # noqa: ARG002
        """See `ragmeter.clients.connection.connection.Receiver`. Whether a message ends with the read is not known."""
        if not self._ended:
            self.received_bytes += len(data)
            self._reads.append(Arrival(data, at_ns, earliest_ns))
            self._news.set()

    def disconnected(self, at_ns: int, error: Exception | None) -> None:  # noqa: ARG002
        """See `ragmeter.clients.connection.connection.Receiver`."""
        self._ended, self._error = True, error
        self._news.set()
