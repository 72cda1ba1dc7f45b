"""Plug-ins with a client of their own, and such that do what none may."""

from collections.abc import AsyncGenerator
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ragmeter.targets import Arrival, Question, ServiceFailed


class OwnClient:
    """The library's whole client."""

    clock = "plugin"

    async def ask(self, question: Question) -> AsyncGenerator[str | bytes, None]:
        url = question.url.replace("http", "ws", 1)
        try:
            async with connect(url, additional_headers=question.headers, proxy=None, close_timeout=0) as socket:
                question.sent()
                await socket.send(question.body.decode())
                async for message in socket:
                    yield message
                    if '"done"' in str(message):
                        return
        except InvalidStatus as error:
            raise ServiceFailed("refused", str(error)) from error
        except ConnectionClosed as error:
            raise ServiceFailed("truncated", str(error)) from error

    async def aclose(self) -> None: ...


class _Faulty:
    clock = "plugin"

    async def aclose(self) -> None: ...


class Raising(_Faulty):
    async def ask(self, question: Question) -> AsyncGenerator[str, None]:
        yield '{"type": "token", "text": "so far"}'
        raise LookupError(f"no such thing in {question.path}")


class YieldingNumbers(_Faulty):
    async def ask(self, _question: Question) -> AsyncGenerator[Any, None]:
        yield 7


class Backdating(_Faulty):
    clock = "wire"

    async def ask(self, _question: Question) -> AsyncGenerator[Arrival, None]:
        yield Arrival(b'{"type": "token", "text": "long ago"}', 1)


class Undated(_Faulty):
    clock = "wire"

    async def ask(self, _question: Question) -> AsyncGenerator[str, None]:
        yield "text"


class NoClock(_Faulty):
    clock = "sundial"


class NoGenerator(_Faulty):
    async def ask(self, _question: Question) -> str:
        return "an answer"
