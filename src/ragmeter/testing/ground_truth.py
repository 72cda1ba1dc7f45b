"""The ground-truth server as a context manager, in a thread or in a process of its own."""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ragmeter.testing.hosts import STOP_TIMEOUT_S, ProcessHost, Setting, ThreadHost
from ragmeter.testing.oddities import ODDITIES
from ragmeter.testing.script import Contract, StreamScript, StreamTruth


class GroundTruthServer:
    """A streaming server whose token times and counts are known, on a free loopback port.

    ::

        with GroundTruthServer(StreamScript(ttft_ms=100, itl_ms=20, tokens=64)) as server:
            measure(server.base_url)
            truths = server.truths()          # by request id, as the stream carried it

    It answers ``POST /query/stream`` (RAG) and ``POST /v1/chat/completions`` (OpenAI), and ``GET`` /healthz,
    /readyz, /info and /v1/models. At ``url(NAME)`` it plays a script of ``scripts`` or of
    `ragmeter.testing.ODDITIES` instead of the default one.

    process: run it in a child process, so that it does not share the interpreter with what is measured.
    certificate, key: PEM files; with them it speaks TLS.
    lanes: how many streams it plays at once, the others waiting: a server whose capacity is known. None: all.
    metrics: tell of the streams at /metrics, in vLLM's names, what their scripts say.
    """

    def __init__(
        self,
        script: StreamScript | None = None,
        *,
        scripts: Mapping[str, StreamScript] | None = None,
        host: str = "127.0.0.1",
        process: bool = False,
        certificate: Path | None = None,
        key: Path | None = None,
        lanes: int | None = None,
        metrics: bool = False,
    ) -> None:
        named = {name: oddity.script for name, oddity in ODDITIES.items()} | dict(scripts or {})
        for name, each in {**named, "the default script": script or StreamScript()}.items():
            if each.oddity is not None and each.oddity not in ODDITIES:
                raise ValueError(f"{name}: oddity {each.oddity!r} is none of {', '.join(ODDITIES)}")
        self._setting = Setting(
            script=script or StreamScript(),
            scripts=named,
            host=host,
            certificate=certificate,
            key=key,
            lanes=lanes,
            metrics=metrics,
        )
        self._host: ThreadHost | ProcessHost = ProcessHost(self._setting) if process else ThreadHost(self._setting)
        self._port: int | None = None

    def __enter__(self) -> Self:
        self._port = self._host.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._host.stop()
        self._port = None

    @property
    def port(self) -> int:
        if self._port is None:
            raise RuntimeError("the ground-truth server does not run: use it in a with statement")
        return self._port

    @property
    def base_url(self) -> str:
        """Where the default script is played."""
        scheme = "https" if self._setting.certificate else "http"
        host = f"[{self._setting.host}]" if ":" in self._setting.host else self._setting.host
        return f"{scheme}://{host}:{self.port}"

    def url(self, script: str) -> str:
        """The base URL at which a named script is played."""
        if script not in self._setting.scripts:
            raise KeyError(f"script {script!r} is none of {', '.join(self._setting.scripts)}")
        return f"{self.base_url}/scripts/{script}"

    def truths(self) -> dict[str, StreamTruth]:
        """What the server did so far, by request id, in the order of the requests."""
        connection = self._control()
        try:
            connection.request("GET", "/truths")
            rows = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return {row["request_id"]: _truth(row) for row in rows}

    def wait_for(self, holds: Callable[[StreamTruth], bool], *, timeout_s: float = 5.0) -> StreamTruth:
        """The first truth for which ``holds``. Raises TimeoutError when there is none in time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if found := next(filter(holds, self.truths().values()), None):
                return found
            time.sleep(0.01)
        raise TimeoutError(f"no such request within {timeout_s} s; seen: {list(self.truths().values())}")

    def _control(self) -> http.client.HTTPConnection:
        if self._setting.certificate is None:
            return http.client.HTTPConnection(self._setting.host, self.port, timeout=STOP_TIMEOUT_S)
        context = ssl.create_default_context(cafile=self._setting.certificate)
        context.check_hostname = False  # our own certificate, our own loopback port
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return http.client.HTTPSConnection(self._setting.host, self.port, timeout=STOP_TIMEOUT_S, context=context)


def _truth(row: dict[str, Any]) -> StreamTruth:
    tuples = {name: tuple(row[name]) for name in ("text_ns", "text_tokens")}
    return StreamTruth(**{**row, **tuples, "contract": Contract(row["contract"])})
