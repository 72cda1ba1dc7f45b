"""Whether a service still answers while something is done to it: /healthz, asked again and again.

Asked by a process of its own, ``python -m tests.backend.probing URL``: one that does the harm, too, measures itself.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from types import TracebackType
from urllib.parse import urlsplit

from tests.tethered import tethered

EVERY_S = 0.01
ADDRESS = "127.0.0.8"
"""Not that of a client that does harm, which may lose its own connections."""
END_S = 60.0
LONG_MS = 1000.0


class Probe:
    """From its beginning to its end; after it, the times of what was measured, `failed` of what could not be."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.times_ms: list[float] = []
        self.failed = 0

    def __enter__(self) -> Probe:
        self._process = subprocess.Popen(
            tethered([sys.executable, "-m", __name__, self._url]), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it has asked once
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        said, _ = self._process.communicate(timeout=END_S)
        told = json.loads(said)
        self.times_ms, self.failed = told["times_ms"], told["failed"]

    @property
    def p99_ms(self) -> float:
        return p99(self.times_ms)

    @property
    def slowest_ms(self) -> float:
        return max(self.times_ms)

    @property
    def was_held_up(self) -> bool:
        """Whether a question failed, or one answer took over a second and half of the time of all. Where the machine
        is slow or busy, all of them are slow; one that waits for what the service does is slow by itself.
        """
        return self.failed > 0 or self.slowest_ms > max(LONG_MS, sum(self.times_ms) / 2)


def p99(times_ms: list[float]) -> float:
    return sorted(times_ms)[int(0.99 * (len(times_ms) - 1))]


def main(url: str) -> None:
    """Until standard input ends."""
    over = threading.Event()
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30, source_address=(ADDRESS, 0))
    times_ms: list[float] = []
    failed = int(_ask(connection, times_ms))
    print("asked", flush=True)
    threading.Thread(target=_wait, args=(over,)).start()
    while not over.wait(EVERY_S):
        failed += _ask(connection, times_ms)
    connection.close()
    print(json.dumps({"times_ms": times_ms, "failed": failed}))


def _wait(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def _ask(connection: http.client.HTTPConnection, times_ms: list[float]) -> bool:
    """Whether it failed."""
    began = time.perf_counter()
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return True
    else:
        return answer.status != 200
    finally:
        times_ms.append((time.perf_counter() - began) * 1000)


if __name__ == "__main__":
    main(sys.argv[1])
