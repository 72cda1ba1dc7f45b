"""A server of round trips on this machine."""

import contextlib
import threading
from collections.abc import Iterator

import pytest

from netprobe import serve


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server on this machine, which says that it is on node-2."""
    with serve.listening(0) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):  # the end of the test closes it
                serve.accept(server, "node-2")

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
