"""The server's side: answers round trips, one thread a connection, and keeps an iperf3 server beside itself."""

import contextlib
import socket
import threading
from collections.abc import Iterator

from netprobe import iperf
from netprobe.pingpong import answer

LOOK_S = 0.5


def serve(port: int, iperf_port: int | None, node: str) -> None:
    """Until the process is told to end. iperf_port: None for no iperf3."""
    with ready(port, iperf_port) as server:
        accept(server, node)


@contextlib.contextmanager
def ready(port: int, iperf_port: int | None) -> Iterator[socket.socket]:
    """A socket that listens, and iperf3 beside it, until the block ends."""
    beside = contextlib.nullcontext() if iperf_port is None else iperf_kept_running(iperf_port)
    with beside, listening(port) as server:
        yield server


def listening(port: int) -> socket.socket:
    """IPv6 with IPv4 in it where the pod has IPv6, else IPv4."""
    if socket.has_dualstack_ipv6():
        with contextlib.suppress(OSError):
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def accept(server: socket.socket, node: str) -> None:
    """Answer everybody who connects."""
    while True:
        sock, _ = server.accept()
        threading.Thread(target=_answer, args=(sock, node), daemon=True).start()


def _answer(sock: socket.socket, node: str) -> None:
    with sock, contextlib.suppress(OSError):
        answer(sock, node)


@contextlib.contextmanager
def iperf_kept_running(port: int) -> Iterator[None]:
    """An iperf3 server that is started again when it ends, until the block does."""
    ending, running = threading.Event(), [iperf.serve(port)]

    def keep() -> None:
        while not ending.wait(LOOK_S):
            if running[0].poll() is not None:
                running[0] = iperf.serve(port)

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join()
        running[0].terminate()
        running[0].wait()
