"""Whether a service still answers while something is done to it: /healthz, asked again and again."""

from __future__ import annotations

import http.client
import threading
import time
from types import TracebackType
from urllib.parse import urlsplit

import psutil

from tests.backend.running import Backend

EVERY_S = 0.01
ADDRESS = "127.0.0.8"
"""Not that of a client that does harm, which may lose its own connections."""


class Probe:
    """From its beginning to its end; `p99_ms` and `slowest_ms` of what it measured, `failed` of what it could not."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            place.hostname or "", place.port, timeout=30, source_address=(ADDRESS, 0)
        )
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.times_ms: list[float] = []
        self.failed = 0

    def __enter__(self) -> Probe:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._connection.close()

    @property
    def p99_ms(self) -> float:
        return sorted(self.times_ms)[int(0.99 * (len(self.times_ms) - 1))]

    @property
    def slowest_ms(self) -> float:
        return max(self.times_ms)

    def _ask(self) -> None:
        """At least once, however short the time is."""
        while True:
            began = time.perf_counter()
            try:
                self._connection.request("GET", "/healthz")
                answer = self._connection.getresponse()
                answer.read()
                self.failed += answer.status != 200
            except (OSError, http.client.HTTPException):
                self.failed += 1
                self._connection.close()
            self.times_ms.append((time.perf_counter() - began) * 1000)
            if self._over.wait(EVERY_S):
                return


def memory_of(backend: Backend) -> int:
    """Resident bytes of the service and of the processes that read files for it."""
    service = psutil.Process(backend.process.pid)
    return sum(process.memory_info().rss for process in (service, *service.children()))
