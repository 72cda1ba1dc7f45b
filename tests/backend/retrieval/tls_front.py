"""TLS in front of a PostgreSQL that was built without it: the handshake is real, and what libpq checks of it, too."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ASKS_FOR_TLS = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@contextmanager
def tls_front(context: ssl.SSLContext, port: int) -> Iterator[int]:
    """The port of a listener that passes on what comes through TLS, and ends a connection without it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, context, port), daemon=True).start()
        yield listener.getsockname()[1]


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, context, port), daemon=True).start()


def _serve(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    try:
        with client:
            if client.recv(8) != _ASKS_FOR_TLS:
                return
            client.sendall(b"S")
            with (
                context.wrap_socket(client, server_side=True) as inner,
                socket.create_connection(("127.0.0.1", port)) as server,
            ):
                inner.settimeout(0.02)
                server.settimeout(0.02)
                while _passed(inner, server) and _passed(server, inner):
                    pass
    except OSError:
        return


def _passed(source: socket.socket, target: socket.socket) -> bool:
    """False at the end. Both ways are one thread's: a TLS socket is not for two."""
    try:
        piece = source.recv(65536)
    except TimeoutError:
        return True
    target.sendall(piece)
    return bool(piece)
