"""Where the ground-truth server runs: a thread of this process, or a child process."""

import asyncio
import multiprocessing
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from ragmeter.core.errors import LocalServiceError
from ragmeter.testing.exposition import Ledger
from ragmeter.testing.script import StreamScript
from ragmeter.testing.server import Stage, close, listen

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """All that a child process needs to know."""

    script: StreamScript
    scripts: Mapping[str, StreamScript]
    host: str
    certificate: Path | None = None
    key: Path | None = field(default=None, repr=False)
    lanes: int | None = None
    metrics: bool = False


async def _serve(setting: Setting, started: Callable[[int], None], stop: asyncio.Event) -> None:
    tls = None
    if setting.certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(setting.certificate, setting.key)
    lanes = None if setting.lanes is None else asyncio.Semaphore(setting.lanes)
    ledger = Ledger() if setting.metrics else None
    stage = Stage(default=setting.script, scripts=setting.scripts, lanes=lanes, ledger=ledger)
    server = await listen(stage, setting.host, tls)
    started(server.sockets[0].getsockname()[1])
    await stop.wait()
    await close(server)


class ThreadHost:
    """Shares the interpreter with its caller: enough for tests of counts."""

    def __init__(self, setting: Setting) -> None:
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


class ProcessHost:
    """The child ends when it is told to, and when the pipe to its parent closes: it cannot outlive the parent."""

    def __init__(self, setting: Setting) -> None:
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


def _run_child(setting: Setting, pipe: Connection) -> None:
    asyncio.run(_child(setting, pipe))


async def _child(setting: Setting, pipe: Connection) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), stop.set)  # readable: the parent closed its end
    try:
        await _serve(setting, pipe.send, stop)
    except OSError as error:
        pipe.send(str(error))
