"""The process that receives spans, seen from the process that reports: what came is kept until a run asks for it."""

import os
import socket
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from types import TracebackType
from typing import Final, Self

from ragmeter.core.errors import ConfigError, LocalServiceError
from ragmeter.core.figures.spans.joined import caller_of
from ragmeter.core.figures.spans.records import Received, SpanTold, Trace
from ragmeter.core.inputs.access.listen import Address
from ragmeter.core.requests.records import RequestSample
from ragmeter.run.processes.channel import records, written
from ragmeter.run.processes.children import Child
from ragmeter.run.processes.receiver_messages import Listen, Listening

START_S: Final = 30.0
MOST_SPANS: Final = 500_000
"""That are kept at once, of all traces."""
PATIENCE_S: Final = 8.0
"""After the load, for spans that are on their way: the SDKs of OpenTelemetry send every 5 s unless told otherwise."""
QUIET_S: Final = 1.0
"""Once every request has the span of its service: for the others of it."""
_LOOK_S: Final = 0.1
_PACKAGES: Final = {
    "aiohttp": "aiohttp",
    "google.rpc": "googleapis-common-protos",
    "opentelemetry.proto": "opentelemetry-proto",
}


class Receiver:
    """A context manager: the process starts with it, or with `start`, and is gone at the end. url: for
    ``OTEL_EXPORTER_OTLP_ENDPOINT``, once it is started.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.url = ""
        self._child: Child | None = None
        self._sock: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._traces: defaultdict[str, list[SpanTold]] = defaultdict(list)
        self._kept = self._left_out = 0
        self._refused: Counter[str] = Counter()
        self._cpu_s = 0.0
        self._last_s = time.monotonic()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Raises ConfigError for an address at which nothing can listen, and without the packages; StorageError or
        LocalServiceError where no process can be started.
        """
        ours, theirs = socket.socketpair()
        self._sock = ours
        with theirs:
            command = [sys.executable, "-m", "ragmeter.run.processes.receiver", str(theirs.fileno())]
            self._child = Child("receiver", command, environment=os.environ, pass_fds=(theirs.fileno(),))
        ours.settimeout(START_S)
        told = None
        with suppress(OSError):
            ours.sendall(written(Listen(self.address.host, self.address.port)))
            told = next(records(ours), None)
        if not isinstance(told, Listening):
            raise LocalServiceError(f"the receiver of spans was not there within {START_S:g} s:\n{self._child.tail()}")
        if told.failure is not None:
            raise ConfigError(f"--bench-otlp {self.address}: nothing can listen there: {told.failure}")
        self.url = f"http://{self.address.reached(told.port)}"
        ours.settimeout(None)
        self._thread = threading.Thread(target=self._listen, args=(ours,), name="receiver", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._sock is not None:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join(START_S)
        if self._sock is not None:
            self._sock.close()
        if self._child is not None:
            self._child.stop()

    def _listen(self, sock: socket.socket) -> None:
        with suppress(OSError):
            for told in records(sock):
                with self._lock:
                    self._take(told.spans)
                    self._cpu_s = told.cpu_s
                    if told.refused is not None:
                        self._refused[told.refused] += 1

    def _take(self, spans: Sequence[tuple[str, SpanTold]]) -> None:
        if spans:
            self._last_s = time.monotonic()
        for trace_id, span in spans:
            if self._kept >= MOST_SPANS:
                self._left_out += 1
                continue
            self._kept += 1
            self._traces[trace_id].append(span)

    def wait_for(self, samples: Sequence[RequestSample], patience_s: float = PATIENCE_S) -> None:
        """Until the span of its service is there for every success, and nothing came for a moment; not for ever."""
        wanted = {sample.sent_trace_id for sample in samples if sample.ok and sample.sent_trace_id is not None}
        until_s = time.monotonic() + patience_s
        while time.monotonic() < until_s:
            with self._lock:
                wanted = {each for each in wanted if not self._has_service(each)}
                quiet_s = time.monotonic() - self._last_s
            if not wanted and quiet_s > QUIET_S:
                return
            time.sleep(_LOOK_S)

    def _has_service(self, trace_id: str) -> bool:
        caller = caller_of(trace_id)
        return any(span.parent_id == caller for span in self._traces.get(trace_id, ()))

    def taken(
        self, samples: Sequence[RequestSample], mask: Callable[[str], str] = str
    ) -> tuple[tuple[Trace, ...], Received]:
        """The traces of these requests, which are then no longer kept here, and what came in all. mask: of secrets."""
        names = dict.fromkeys(
            name for sample in samples for name in (sample.sent_trace_id, sample.trace_id) if name is not None
        )
        with self._lock:
            found = [
                Trace(trace_id=name, spans=tuple(self._traces.pop(name))) for name in names if name in self._traces
            ]
            own = sum(len(trace.spans) for trace in found)
            self._kept -= own
            received = Received(
                address=self.url,
                spans=own,
                others=self._kept,
                left_out=self._left_out,
                refused=dict(self._refused),
                cpu_s=self._cpu_s,
            )
        return tuple(replace(each, spans=tuple(_masked(span, mask) for span in each.spans)) for each in found), received


def _masked(span: SpanTold, mask: Callable[[str], str]) -> SpanTold:
    return replace(
        span, name=mask(span.name), service=mask(span.service), origin=mask(span.origin), path=mask(span.path)
    )


def check_receivable() -> None:
    """Raise ConfigError, which names what to install, where the receiver's packages are not there."""
    missing = []
    for name, package in _PACKAGES.items():
        try:
            found = find_spec(name)
        except ModuleNotFoundError:
            found = None
        missing += [] if found else [package]
    if missing:
        raise ConfigError(f"--bench-otlp: needs {', '.join(missing)}: pip install 'ragmeter[otlp]'")
