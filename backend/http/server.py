"""uvicorn with our own start and end: it reports where it listens, and drains when told to stop."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import os
import signal
import socket
import sys
from types import FrameType
from typing import Any

import uvicorn

from .. import __version__
from ..errors import ConfigurationError
from ..service import Service
from ..telemetry.logs import log, log_lifecycle
from .app import build_app
from .connections import Connections, raise_open_files
from .protocol import GuardedProtocol

_BACKLOG = 2048
_SWITCH_INTERVAL_S = 0.0005
_HURRY_S = 2.0
_TICKS_OF_A_CHECK = 5  # of 0.1 s


class DrainingServer(uvicorn.Server):
    """First SIGTERM or SIGINT: /readyz turns 503, queries are taken for the drain delay, open streams may finish.

    The second ends at once. The exit status of a drained service is 0.
    """

    def __init__(self, config: uvicorn.Config, service: Service, connections: Connections, url: str) -> None:
        super().__init__(config)
        self._service = service
        self._connections = connections
        self._url = url
        self._drain: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._service.readers.warm_up()
        self._loop = asyncio.get_running_loop()
        service = self._service
        log_lifecycle(
            "listening",
            url=self._url,
            pid=os.getpid(),
            version=__version__,
            replica_id=service.settings.replica_id,
            llm=service.settings.vllm_base_url,
            docsets={docset.name: docset.chunks for docset in service.store.docsets()},
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._service.pipeline.reranker.close()

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_OF_A_CHECK == 0 and (refused := self._connections.check(self._loop.time())):
            log("connections_refused", logging.WARNING, by_status=refused)
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        if self._service.draining:
            self.should_exit = self.force_exit = True
            return
        self._service.draining = True
        log_lifecycle("draining", signal=signal.Signals(sig).name)
        self._loop.call_soon_threadsafe(self._begin_drain)

    def _begin_drain(self) -> None:
        self._drain = self._loop.create_task(self._stop_later())

    async def _stop_later(self) -> None:
        settings = self._service.settings
        await asyncio.sleep(settings.drain_delay_s)
        self.should_exit = True
        # An ingest has most of the time that streams have; the rest is for telling its client, and for its last slice.
        self._loop.call_later(max(0.0, settings.drain_s - _HURRY_S), self._service.hurry)


def serve(service: Service, listener: socket.socket) -> None:
    """Serves until a signal ends it."""
    settings = service.settings
    connections = Connections(settings, most=raise_open_files(settings))
    protocol: Any = functools.partial(GuardedProtocol, connections=connections)
    config = uvicorn.Config(
        build_app(service),
        loop="uvloop",
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=settings.idle_timeout_s,  # type: ignore[arg-type]  # seconds of any kind
        timeout_graceful_shutdown=settings.drain_s,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # An ingest runs Python in a thread: at the default of 5 ms each turn it takes would be felt by every stream.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    # What the start left behind lives as long as the process: a full collection of it stops every stream for 65 ms.
    gc.collect()
    gc.freeze()
    try:
        DrainingServer(config, service, connections, listener_url(listener)).run(sockets=[listener])
    finally:
        service.close()
        log_lifecycle("stopped")


def open_listener(host: str, port: int) -> socket.socket:
    """Port 0 takes a free one. Raises ConfigurationError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"--host {host} --port {port}: cannot listen: {error}") from error
    listener.setblocking(False)
    return listener


def listener_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
