"""Which connections are open, whose they are, and which of them do nothing: so that nobody can use up all of them.

Not the attempt to tell friend from foe: a connection without a request makes room for one that has one.
"""

from __future__ import annotations

import ipaddress
import resource
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from ..errors import OverloadedError, PeerOverloadedError
from ..settings import Settings

MAX_LINGERING = 128
"""Refused connections that are still read from, so that their clients get the answer; beyond it they are cut."""

_OWN_FILES = 256
"""Files of the service itself: libraries, index, log, processes that read documents."""
_LEAST_CONNECTIONS = 16
_NETWORK_BITS = 64


class Connection(Protocol):
    @property
    def peer(self) -> str: ...

    def leave(self) -> None:
        """Closes one that has no request."""

    def check(self, now_s: float) -> None:
        """Ends it where a time is over."""


@dataclass(slots=True)
class _Peer:
    open: int = 0
    idle: dict[Connection, None] = field(default_factory=dict)


class Connections:
    def __init__(self, settings: Settings, *, most: int) -> None:
        self.settings = settings
        self.lingering = 0
        self._most = most
        self._open: set[Connection] = set()
        self._idle: dict[Connection, None] = {}
        self._peers: dict[str, _Peer] = {}
        self._refused: Counter[str] = Counter()

    def enter(self, connection: Connection) -> None:
        """Raises PeerOverloadedError or OverloadedError where no idle one can make room."""
        peer = self._peers.get(connection.peer, _Peer())
        if peer.open >= self.settings.max_peer_connections and not _free_one(peer.idle):
            raise self._refusal(
                PeerOverloadedError(
                    f"{connection.peer} has {peer.open} open connections, all in use (RAG_MAX_PEER_CONNECTIONS)"
                )
            )
        if len(self._open) >= self._most and not _free_one(self._idle):
            raise self._refusal(OverloadedError(f"{len(self._open)} connections are open, all in use"))
        self._open.add(connection)
        self._peers.setdefault(connection.peer, peer).open += 1
        self.rest(connection)

    def rest(self, connection: Connection) -> None:
        """It waits for a request: the last of those that make room."""
        if connection in self._open:
            self._idle[connection] = self._peers[connection.peer].idle[connection] = None

    def work(self, connection: Connection) -> None:
        if self._idle.pop(connection, 0) is None:
            self._peers[connection.peer].idle.pop(connection, None)

    def exit(self, connection: Connection) -> None:
        if connection not in self._open:
            return
        self.work(connection)
        self._open.discard(connection)
        peer = self._peers[connection.peer]
        peer.open -= 1
        if not peer.open:
            del self._peers[connection.peer]

    def check(self, now_s: float) -> dict[str, int]:
        """Looks at the times of all; how many were refused since the last look, by status."""
        for connection in list(self._open):
            connection.check(now_s)
        refused = dict(self._refused)
        self._refused.clear()
        return refused

    def _refusal(self, error: OverloadedError) -> OverloadedError:
        self._refused[str(error.status)] += 1
        return error


def _free_one(idle: dict[Connection, None]) -> bool:
    """Closes the one that has been idle longest. It leaves the books at once, whenever its socket does."""
    oldest = next(iter(idle), None)
    if oldest is None:
        return False
    oldest.leave()
    return True


def peer_of(address: str) -> str:
    """An IPv4 address, or the network of an IPv6 one: a client has all addresses of it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a socket of this machine has no address
        return "local"
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))


def raise_open_files(settings: Settings) -> int:
    """Lets this process open what the settings want, as far as it may; the connections that this suffices for."""
    others = _OWN_FILES + settings.max_inflight + MAX_LINGERING
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + others
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(_LEAST_CONNECTIONS, min(settings.max_connections, max(soft, allowed) - others))
