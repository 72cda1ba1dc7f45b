"""uvicorn with our own start and end: it reports where it listens, and drains when told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from types import FrameType

import uvicorn

from . import __version__
from .app import build_app
from .errors import ConfigurationError
from .logs import log_lifecycle
from .service import Service

_BACKLOG = 2048
_SWITCH_INTERVAL_S = 0.0005


class DrainingServer(uvicorn.Server):
    """First SIGTERM or SIGINT: /readyz turns 503, queries are taken for the drain delay, open streams may finish.

    The second ends at once. The exit status of a drained service is 0.
    """

    def __init__(self, config: uvicorn.Config, service: Service, url: str) -> None:
        super().__init__(config)
        self._service = service
        self._url = url
        self._drain: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        service = self._service
        log_lifecycle(
            "listening",
            url=self._url,
            pid=os.getpid(),
            version=__version__,
            replica_id=service.settings.replica_id,
            llm=service.settings.vllm_base_url,
            docsets={snapshot.docset: len(snapshot.chunks) for snapshot in service.store.snapshots()},
        )

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
        await asyncio.sleep(self._service.settings.drain_delay_s)
        self.should_exit = True


def serve(service: Service, listener: socket.socket) -> None:
    """Serves until a signal ends it."""
    config = uvicorn.Config(
        build_app(service),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=service.settings.drain_s,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # An ingest runs Python in a thread: at the default of 5 ms each turn it takes would be felt by every stream.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    # What the start left behind lives as long as the process: a full collection of it stops every stream for 65 ms.
    gc.collect()
    gc.freeze()
    try:
        DrainingServer(config, service, listener_url(listener)).run(sockets=[listener])
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
