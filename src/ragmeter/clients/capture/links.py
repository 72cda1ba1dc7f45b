"""Opens capture links, and reads all their sockets together, every few ms at most."""

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterator

from ragmeter.clients.capture.captured import Capture, Captured
from ragmeter.clients.capture.link import CaptureLink
from ragmeter.clients.connection.connection import Link, Receiver
from ragmeter.clients.connection.local_ports import keep_to
from ragmeter.clients.connection.pauses import Pauses, Pieces
from ragmeter.clients.connection.tls import TlsStream
from ragmeter.clients.connection.transport import CaptureLosses
from ragmeter.clients.connection.tunnel import NOTHING, Spoken
from ragmeter.clients.links.kernel_link import KernelLinks
from ragmeter.clients.links.socket_link import handshake

PAUSE_NS = 8_000_000
"""Between two looks at the sockets. A shorter one costs more of the processor: 1 ms a third at 100,000 tokens/s. In a
longer one a socket that is left unread delays acknowledgements, and with them a server without TCP_NODELAY."""
PATIENCE_NS = 2_000_000
"""How long reading waits for a time when no request is about to be sent."""
SETTLE_NS = 100_000_000
"""How long what was read may be held: what follows a response, against all rules, must not hide its end for longer."""
FEW = 4
"""Where so few sockets are ready, what they have is not held: to wake up once more for it would cost more."""
_ON_CHANGE = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
"""A socket that is ready is looked at once, and not a second time to see that it no longer is."""

_READS, _READ_NS = 8, 10_000
_FRAMES, _FRAME_NS = 32, 3_000
_DATE_NS, _END_NS = 10_000, 100_000
"""Pieces of work, and what each part may take, in ns: to read a socket, to look at a frame, to date what was read at
once, and what follows when it was the end of a response. About twice what was measured."""


class CaptureLinks:
    """A socket is read before the ring: what the socket delivers has passed the ring by then.

    A connection whose greeting the ring has not seen, as behind a translation of addresses on this host, gets a kernel
    link.
    """

    def __init__(self, server_ports: Collection[int], local_ports: range | None, pauses: Pauses) -> None:
        """local_ports: where connections start from, if not anywhere: of other processes nothing is captured then."""
        self._server_ports = server_ports
        self._local_ports = local_ports
        self._pieces = Pieces(pauses, PATIENCE_NS)
        self._capture: Capture | None = None
        self._otherwise = KernelLinks()
        self._uncaptured = 0
        self._poll = select.epoll()
        self._pending = select.poll()
        self._pending.register(self._poll, select.POLLIN)
        self._links: dict[int, CaptureLink] = {}
        self._emptied_ns = 0
        self._settled_ns = 0
        self._listens = False
        self._timer: asyncio.TimerHandle | None = None

    def prepare(self) -> None:
        """See `ragmeter.clients.connection.dial.Links`: the ring has to see the greeting."""
        if self._capture is None:
            self._capture = Capture(self._server_ports, self._local_ports)
            self._listen(on=True)

    def place(self, sock: socket.socket) -> None:
        """See `ragmeter.clients.connection.dial.Links`."""
        if self._local_ports is not None:
            keep_to(sock, self._local_ports)

    async def open(
        self,
        sock: socket.socket,
        receiver: Receiver,
        tls_context: ssl.SSLContext | None,
        host: str,
        spoken: Spoken = NOTHING,
    ) -> Link:
        """See `ragmeter.clients.connection.dial.Links`."""
        capture = self._capture
        if capture is None or (captured := capture.follow(sock)) is None:
            self._uncaptured += 1
            return await self._otherwise.open(sock, receiver, tls_context, host, spoken)
        tls = TlsStream(tls_context, host) if tls_context else None
        try:
            if tls is not None:
                await handshake(sock, tls)
                capture.collect()
        except BaseException:
            capture.forget(captured)
            raise
        link = CaptureLink(sock, receiver, captured, self, tls=tls, spoken=spoken)
        self._links[sock.fileno()] = link
        self._poll.register(sock, _ON_CHANGE)
        return link

    def collect(self) -> None:
        """See `ragmeter.clients.capture.link.Reader`."""
        if self._capture is not None:
            self._capture.collect()

    def forget(self, sock: socket.socket, captured: Captured) -> None:
        """See `ragmeter.clients.capture.link.Reader`."""
        self._poll.unregister(sock)
        del self._links[sock.fileno()]
        if self._capture is not None:
            self._capture.forget(captured)

    def losses(self) -> CaptureLosses:
        """See `ragmeter.clients.connection.dial.Links`."""
        return CaptureLosses(packets=self._capture.dropped if self._capture else 0, connections=self._uncaptured)

    def close(self) -> None:
        """See `ragmeter.clients.connection.dial.Links`."""
        self._cancel_timer()
        self._pieces.drop()
        if self._capture is not None:
            self._listen(on=False)
            self._capture.close()
        self._poll.close()

    def _listen(self, *, on: bool) -> None:
        """Whether to wake up when there is something to read."""
        if on and not self._listens:
            asyncio.get_running_loop().add_reader(self._poll.fileno(), self._wake)
        elif self._listens and not on:
            asyncio.get_running_loop().remove_reader(self._poll.fileno())
        self._listens = on

    def _wake(self) -> None:
        """There is something to read, or held for long. Where little comes it is read at once."""
        self._cancel_timer()
        pause_ns = PAUSE_NS - (time.monotonic_ns() - self._emptied_ns)
        if pause_ns > 0:
            self._listen(on=False)
            self._after(pause_ns, self._drain)
        else:
            self._drain()

    def _after(self, pause_ns: int, what: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(pause_ns / 1e9, what)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _drain(self) -> None:
        if not self._pieces.do(self._work()):
            self._listen(on=False)

    def _work(self) -> Iterator[int]:
        """Read every socket that has something, and deliver what may end a response; see `Pieces.do`."""
        now_ns, emptied_ns = time.monotonic_ns(), self._emptied_ns
        self._emptied_ns = now_ns
        ready = self._poll.poll(0, max(1, len(self._links)))
        due: list[CaptureLink] = []
        for at in range(0, len(ready), _READS):
            piece = ready[at : at + _READS]
            yield len(piece) * _READ_NS
            due += self._fetch(piece, emptied_ns, few=len(ready) <= FEW)
        if now_ns - self._settled_ns > SETTLE_NS:
            self._settled_ns = now_ns
            due = [link for link in self._links.values() if link.held]
        if due and self._capture is not None:
            yield _FRAMES * _FRAME_NS
            while self._capture.collect(_FRAMES):
                yield _FRAMES * _FRAME_NS
        for link in due:
            yield link.held * _DATE_NS + _END_NS
            link.deliver()
        self._rest()

    def _fetch(self, ready: Collection[tuple[int, int]], emptied_ns: int, *, few: bool) -> Iterator[CaptureLink]:
        """Read these sockets: the links of those that are to be delivered. Some may be closed by now."""
        links = self._links
        for fd, change in ready:
            link = links.get(fd)
            if link is None:
                continue
            if link.fetch(emptied_ns) or few:
                yield link
            if change != select.EPOLLIN:
                self._poll.modify(fd, _ON_CHANGE)  # ask again: the end may be behind what was read

    def _rest(self) -> None:
        """Until more comes; where more has come by now, until there is enough to be read together."""
        if self._pending.poll(0):
            self._listen(on=False)
            self._after(PAUSE_NS, self._drain)
            return
        self._listen(on=True)
        if any(link.held for link in self._links.values()):
            self._after(max(0, self._settled_ns + SETTLE_NS - time.monotonic_ns()), self._wake)
