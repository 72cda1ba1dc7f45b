"""The full mesh: each pod of a DaemonSet measures its peers, round after round, and keeps what it knows of them.

A peer that went away, or cannot be measured any more, has no value after some intervals.
"""

import random
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from netprobe.errors import UnmeasuredError
from netprobe.gauges import Measured, Seen
from netprobe.page import page
from netprobe.probe import Asked, probe
from netprobe.serve import accept, ready

JITTER = (0.5, 1.5)
"""Of the interval. Pods that start together would otherwise measure together, and each other's work."""


@dataclass(frozen=True)
class Rounds:
    """peers: names or addresses that lead to the pods. kept: intervals for which a value holds."""

    peers: tuple[str, ...]
    interval_s: float
    kept: float
    metrics_port: int

    @property
    def lasting_s(self) -> float:
        return self.kept * self.interval_s


def mesh(asked: Asked, rounds: Rounds) -> NoReturn:
    """Until the process is told to end. asked: what to measure of each peer; its server is left open."""
    seen = Seen()

    def text() -> str:
        return seen.text(asked.node, time.monotonic() - rounds.lasting_s)

    iperf_port = asked.iperf_port if {"tcp", "udp"} & set(asked.parts) else None
    with ready(asked.port, iperf_port) as server, page(rounds.metrics_port, text) as metrics:
        threading.Thread(target=accept, args=(server, asked.node), daemon=True).start()
        threading.Thread(target=metrics.serve_forever, daemon=True).start()
        while True:
            time.sleep(rounds.interval_s * random.uniform(*JITTER))  # noqa: S311
            began_s = time.time()
            seen = seen.after(began_s, measured(asked, rounds.peers), time.monotonic() - rounds.lasting_s)


def measured(asked: Asked, peers: Sequence[str]) -> tuple[Measured, ...] | None:
    """A document of each peer, one after the other in an order of chance; None where the peers cannot be found."""
    try:
        found = addresses(peers, asked.port)
    except UnmeasuredError as error:
        _say(f"no peers: {error}")
        return None
    return tuple(_each(asked, random.sample(found, len(found))))


def addresses(names: Iterable[str], port: int) -> list[str]:
    """Of all pods behind the names but this one. Raises UnmeasuredError."""
    found = {address for name in names for address in _looked_up(name, port)}
    return sorted(address for address in found if not is_own(address, port))


def is_own(address: str, port: int) -> bool:
    """Whether it is this pod's: the kernel would then send from it, too. Nothing is sent to find out."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((address, port))
        except OSError:  # no way there: its measurement will say so
            return False
        return bool(sock.getsockname()[0] == address)


def _looked_up(name: str, port: int) -> Iterator[str]:
    """Of one family: a pod with addresses of both would be measured twice."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnmeasuredError(f"{name}: {error.strerror or error}") from error
    return (str(place[0]) for family, _, _, _, place in found if family == found[0][0])


def _each(asked: Asked, found: Iterable[str]) -> Iterator[Measured]:
    for address in found:
        document = _unthrottled(probe(replace(asked, server=address)))
        for part, reason in document["errors"].items():
            _say(f"{part} of {address}: {reason}")
        yield Measured(document=document, at_s=time.monotonic())


def _unthrottled(document: dict[str, Any]) -> dict[str, Any]:
    """What was measured while the kernel stopped a pod for its CPU limit is the limit, and no number."""
    if not any(document.get(f"{end}_throttled_periods") for end in ("client", "server")):
        return document
    return {"server_node": None, "errors": {"throttling": "a pod was stopped for its CPU limit"}}


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
