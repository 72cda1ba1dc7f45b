"""The ground-truth server as a context manager, in a thread or in a process of its own."""

import asyncio
import http.client
import json
import multiprocessing
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ragmeter.core.errors import LocalServiceError
from ragmeter.testing.oddities import ODDITIES
from ragmeter.testing.script import Contract, StreamScript, StreamTruth
from ragmeter.testing.server import Stage, close, listen

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """All that a child process needs to know."""

    script: StreamScript
    scripts: Mapping[str, StreamScript]
    host: str
    certificate: Path | None = None
    key: Path | None = field(default=None, repr=False)


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
    ) -> None:
        named = {name: oddity.script for name, oddity in ODDITIES.items()} | dict(scripts or {})
        for name, each in {**named, "the default script": script or StreamScript()}.items():
            if each.oddity is not None and each.oddity not in ODDITIES:
                raise ValueError(f"{name}: oddity {each.oddity!r} is none of {', '.join(ODDITIES)}")
        self._setting = _Setting(
            script=script or StreamScript(), scripts=named, host=host, certificate=certificate, key=key
        )
        self._host: _Thread | _Process = _Process(self._setting) if process else _Thread(self._setting)
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


async def _serve(setting: _Setting, started: Callable[[int], None], stop: asyncio.Event) -> None:
    tls = None
    if setting.certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(setting.certificate, setting.key)
    server = await listen(Stage(default=setting.script, scripts=setting.scripts), setting.host, tls)
    started(server.sockets[0].getsockname()[1])
    await stop.wait()
    await close(server)


class _Thread:
    def __init__(self, setting: _Setting) -> None:
        self._setting = setting
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._port = 0
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="ground-truth-server", daemon=True)

    def start(self) -> int:
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S) or self._error is not None:
            raise LocalServiceError(f"the ground-truth server did not start: {self._error}")
        return self._port

    def stop(self) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP_TIMEOUT_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except OSError as error:
            self._error = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await _serve(self._setting, self._started, self._stop)

    def _started(self, port: int) -> None:
        self._port = port
        self._ready.set()


class _Process:
    """The child ends when it is told to, and when the pipe to its parent closes: it cannot outlive the parent."""

    def __init__(self, setting: _Setting) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, self._child_pipe = spawn.Pipe()
        self._process = spawn.Process(target=_run_child, args=(setting, self._child_pipe), daemon=True)

    def start(self) -> int:
        self._process.start()
        self._child_pipe.close()
        try:
            said = self._pipe.recv() if self._pipe.poll(START_TIMEOUT_S) else "no word from the child process"
        except EOFError:
            said = "the child process ended"
        if not isinstance(said, int):
            self.stop()
            raise LocalServiceError(f"the ground-truth server did not start: {said}")
        return said

    def stop(self) -> None:
        self._pipe.close()
        self._process.join(STOP_TIMEOUT_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(STOP_TIMEOUT_S)
        self._process.close()


def _run_child(setting: _Setting, pipe: Connection) -> None:
    asyncio.run(_child(setting, pipe))


async def _child(setting: _Setting, pipe: Connection) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), stop.set)  # readable: the parent closed its end
    try:
        await _serve(setting, pipe.send, stop)
    except OSError as error:
        pipe.send(str(error))
