"""Round trips of a small message, as a request and the first bytes of its answer make them.

One round trip is what the client's kernel saw minus what the server's kernel saw::

    (answer in - question out at the client) - (answer out - question in at the server)

The server's part is known after it has sent, so it comes with the next answer. The wall clocks are compared with
themselves alone, never with each other.
"""

import json
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from netprobe.errors import UnmeasuredError
from netprobe.stamps import StampedSocket
from netprobe.throttling import throttled_periods

MESSAGE = struct.Struct("!Qq48x")
"""Number of the round trip; at the server, how long the one before it stayed there, in ns (-1: not known)."""
UNKNOWN = -1
WARMUP = 20
CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 10
IDLE_S = 60
PAUSE_S = 0.001
PATH_MTU = {socket.AF_INET: (socket.IPPROTO_IP, 14), socket.AF_INET6: (socket.IPPROTO_IPV6, 24)}
"""IP_MTU and IPV6_MTU, include/uapi/linux/in.h and in6.h: MTU of the path of a connected socket."""


@dataclass(frozen=True)
class RoundTrips:
    """clock: ``kernel``, or ``user`` where a date was missing: then the work of both programs is in the times."""

    times_ns: tuple[int, ...]
    clock: str


@dataclass(frozen=True)
class Peer:
    """What the server says of itself when one connects."""

    node: str
    throttled_periods: int | None


def answer(sock: socket.socket, node: str) -> None:
    """Serve one connection until it is closed."""
    sock.sendall(json.dumps({"node": node, "throttled_periods": throttled_periods()}).encode() + b"\n")
    stamped, came_ns = StampedSocket(sock, within_s=IDLE_S), None
    while True:
        question, now_came_ns = stamped.receive(MESSAGE.size)
        left_ns = stamped.left_ns()
        stayed_ns = UNKNOWN if came_ns is None or left_ns is None else left_ns - came_ns
        stamped.send(MESSAGE.pack(MESSAGE.unpack(question)[0], stayed_ns))
        came_ns = now_came_ns


def connect(host: str, port: int) -> socket.socket:
    """Raises UnmeasuredError saying where it did not get to."""
    try:
        sock = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
    except OSError as error:
        raise UnmeasuredError(f"no connection to {host}:{port}: {error.strerror or error}") from error
    return sock


def greeting(sock: socket.socket) -> Peer:
    """Who answers. Raises UnmeasuredError for something else that listens there."""
    line = b""
    try:
        while not line.endswith(b"\n") and len(line) < 1000:
            part = sock.recv(1)
            if not part:
                break
            line += part
        said: Any = json.loads(line)
        return Peer(node=str(said["node"]), throttled_periods=said["throttled_periods"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnmeasuredError(f"what listens there is no netprobe server: {line[:80]!r}") from error


def round_trips(host: str, port: int, *, samples: int, within_s: float) -> RoundTrips:
    """As many as fit into the time, after a warm-up. Raises UnmeasuredError when not one was made."""
    with connect(host, port) as sock:
        greeting(sock)
        stamped = StampedSocket(sock, within_s=ANSWER_TIMEOUT_S)
        rounds: list[tuple[int, int | None]] = []
        stayed: list[int] = []
        deadline = time.monotonic() + within_s
        try:
            while len(rounds) < samples + WARMUP + 1 and time.monotonic() < deadline:
                rounds.append(_round(stamped, len(rounds), stayed))
                time.sleep(PAUSE_S)
        except (OSError, ValueError) as error:
            raise UnmeasuredError(f"round trip {len(rounds)} to {host}:{port}: {error}") from error
    return _dated(rounds[WARMUP:-1], stayed[WARMUP + 1 :], f"{host}:{port}")


def _round(stamped: StampedSocket, number: int, stayed: list[int]) -> tuple[int, int | None]:
    """(time by the program's clock, time by the kernel's dates); notes how long the round before stayed there."""
    before_ns = time.perf_counter_ns()
    stamped.send(MESSAGE.pack(number, 0))
    reply, came_ns = stamped.receive(MESSAGE.size)
    took_ns = time.perf_counter_ns() - before_ns
    left_ns = stamped.left_ns()
    echoed, stayed_ns = MESSAGE.unpack(reply)
    if echoed != number:
        raise ValueError(f"the answer is to round {echoed}")
    stayed.append(stayed_ns)
    return took_ns, None if came_ns is None or left_ns is None else came_ns - left_ns


def _dated(rounds: list[tuple[int, int | None]], stayed: list[int], where: str) -> RoundTrips:
    """Each round with the time that the answer after it says it stayed."""
    if not rounds:
        raise UnmeasuredError(f"no round trip to {where} ended in time")
    pairs = list(zip(rounds, stayed, strict=True))
    by_kernel = [took - there for (_, took), there in pairs if took is not None and there != UNKNOWN]
    if len(by_kernel) == len(pairs) and min(by_kernel) > 0:
        return RoundTrips(times_ns=tuple(by_kernel), clock="kernel")
    return RoundTrips(times_ns=tuple(took for took, _ in rounds), clock="user")


def segment_and_mtu(host: str, port: int) -> tuple[int, int]:
    """(MSS in bytes, MTU of the path in bytes), as the kernel uses them on a connection."""
    with connect(host, port) as sock:
        greeting(sock)
        mss = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
        return mss, sock.getsockopt(*PATH_MTU[sock.family])


def connect_times(host: str, port: int, *, samples: int) -> RoundTrips:
    """How long connect() takes: one round trip and the work of both kernels."""
    address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return RoundTrips(times_ns=tuple(_connect_ns(address) for _ in range(samples)), clock="user")


def _connect_ns(address: tuple[Any, ...]) -> int:
    family, kind, protocol, _, place = address
    with socket.socket(family, kind, protocol) as sock:
        sock.settimeout(CONNECT_TIMEOUT_S)
        before_ns = time.perf_counter_ns()
        try:
            sock.connect(place)
        except OSError as error:
            raise UnmeasuredError(f"no connection to {place[0]}:{place[1]}: {error.strerror or error}") from error
        return time.perf_counter_ns() - before_ns


def lookup_times(name: str, *, samples: int) -> RoundTrips:
    """How long getaddrinfo() takes: with the search list and whatever caches a program in this pod meets."""
    times = []
    for _ in range(samples):
        before_ns = time.perf_counter_ns()
        try:
            socket.getaddrinfo(name, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UnmeasuredError(f"{name}: {error.strerror or error}") from error
        times.append(time.perf_counter_ns() - before_ns)
    return RoundTrips(times_ns=tuple(times), clock="user")
