"""What a plug-in of a target is: see `ragmeter.targets`."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from ragmeter.clients.plugins.stream import Arrival, Stream
from ragmeter.core.requests.records import ErrorClass

Speaks = Literal["wire", "plugin"]
Reason = Literal["connect", "tls", "protocol", "truncated", "refused"]


class ServiceFailed(Exception):  # noqa: N818 - what happened, and not an error of the plug-in
    """Raise it where the service, or the way to it, is what failed. Any other exception is a fault of the plug-in, and
    a run with one is no measurement.

    reason: ``connect`` no connection came up, ``tls`` TLS was not agreed upon, ``protocol`` what came is not of the
    protocol, ``truncated`` it ended early, ``refused`` the service said that it failed. message: a sentence.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.error = _ERRORS[reason]


_ERRORS = {
    "connect": ErrorClass.CONNECT,
    "tls": ErrorClass.TLS,
    "protocol": ErrorClass.PROTOCOL,
    "truncated": ErrorClass.TRUNCATED,
    "refused": ErrorClass.ERROR_EVENT,
}


@dataclass(slots=True, kw_only=True, eq=False)
class Question:
    """One request, as the description of the target and the provider file make it.

    url: base URL and path, http or https: a WebSocket's is ws or wss at the same place. host: without brackets. path:
    with the path of the base URL and the query. headers: with those of the provider file, which may be secrets. body:
    the rendered template, JSON; empty without one.
    """

    url: str
    host: str
    port: int
    path: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes
    _dial: Callable[[tuple[str, ...]], Awaitable[Stream]] = field(repr=False)
    sent_ns: int | None = None

    async def open(self, protocols: tuple[str, ...] = ("http/1.1",)) -> Stream:
        """A new connection to the service, with TLS where the URL is https, whose bytes are dated where they arrive.

        It is closed when the question is over. protocols: offered in the TLS handshake (ALPN). Raises `ServiceFailed`
        when none comes up.
        """
        return await self._dial(protocols)

    def sent(self) -> None:
        """The question is about to be written: TTFT counts from here, and from when it was asked for without this."""
        self.sent_ns = time.monotonic_ns()


class Speaker(Protocol):
    """A plug-in of a target: a class without arguments, of which each load process makes one.

    clock: ``wire``, if it yields `Arrival` alone, which come of `Question.open`. ``plugin``, if a client of its own
    talks to the service: then it yields bytes or text, and each is dated when it is yielded, behind all that this
    client does.
    """

    clock: ClassVar[Speaks]

    def ask(self, question: Question) -> AsyncGenerator[Arrival | bytes | str, None]:
        """Ask, and yield each message of the answer as soon as it is whole; return when the answer is over.

        It runs beside others in one event loop, and must neither block nor print. It is cancelled when the time for the
        answer is over, or its user goes away: release what it holds without waiting for the service. Raises
        `ServiceFailed`.
        """
        ...

    async def aclose(self) -> None:
        """The load is over: close what is kept between questions."""
