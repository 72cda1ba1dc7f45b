"""A real RAG behind a WebSocket, which writes down when it handed each message to the kernel."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from tests.clients.asyncio_thread import served

TOKENS = ("A ", "whole ", "answer ", "of ", "five tokens.")
SOURCES = [{"id": "b.md", "score": 0.2}, {"id": "a.md", "score": 0.9}]
PAUSE_S = 0.02


class SocketRag:
    """Answers by the words of the question. sent_ns: by question, just before each message of its answer was handed to
    the kernel. gone: questions whose client went away. asked: all questions, with the headers of their upgrade.
    """

    def __init__(self) -> None:
        self.sent_ns: dict[str, list[int]] = {}
        self.gone: list[str] = []
        self.asked: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.url = ""

    async def _answer(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        async for text in socket:
            asked = json.loads(text)
            self.asked.append((asked, dict(socket.request.headers.raw_items())))
            question = asked["question"]
            try:
                await self._play(socket, question)
            finally:
                if "hangs" in question:
                    self.gone.append(question)

    async def _play(self, socket: ServerConnection, question: str) -> None:
        times = self.sent_ns.setdefault(question, [])

        async def send(message: object) -> None:
            times.append(time.monotonic_ns())
            await socket.send(message if isinstance(message, str) else json.dumps(message))

        if "empty" in question:
            await send({"type": "done"})
            return
        await send({"type": "sources", "documents": SOURCES})
        for number, token in enumerate(TOKENS):
            await asyncio.sleep(PAUSE_S)
            await send({"type": "token", "text": token})
            if number == 1:
                await self._fail(socket, question, send)
        await send({"type": "done", "usage": {"input": 40, "output": 5}})

    async def _fail(self, socket: ServerConnection, question: str, send: Any) -> None:
        if "error" in question:
            await send({"type": "error", "error": {"message": "the index is gone"}})
        elif "cut" in question:
            socket.transport.abort()
        elif "closes" in question:
            await socket.close()
        elif "garbled" in question:
            await send('{"type": "token", "text":')
        elif "hangs" in question:
            await socket.wait_closed()

    async def run(self, started: Callable[[Self], None], stop: asyncio.Event) -> None:
        server: Server
        async with serve(self._answer, "127.0.0.1", 0, process_request=_refuse) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.url = f"http://127.0.0.1:{port}"
            started(self)
            await stop.wait()


def _refuse(socket: ServerConnection, request: Request) -> Response | None:
    return socket.respond(HTTPStatus.UNAUTHORIZED, "who asks?\n") if request.path == "/closed" else None


@contextmanager
def socket_rag() -> Iterator[SocketRag]:
    """It runs in a thread of this process."""
    with served(SocketRag().run) as rag:
        yield rag
