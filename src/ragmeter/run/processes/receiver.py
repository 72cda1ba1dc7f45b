"""A process that receives spans and does nothing else: ``python -m ragmeter.run.processes.receiver FD``.

It is told over the socket FD where to listen, tells the port and then what came, and ends when the other end is gone.
It sends no load, so that a service that sends thousands of spans holds up no request of the client.
"""

import asyncio
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from ragmeter.clients.observe.otlp import JSON, PROTOBUF, BadBody, answer, refusal, spans_of
from ragmeter.core.figures.spans.records import SpanTold
from ragmeter.run.processes.channel import Channel
from ragmeter.run.processes.receiver_messages import Came, Listen, Listening

PATH: Final = "/v1/traces"
MOST_BYTES: Final = 16 * 2**20
"""Of one body, unpacked."""
MOST_AT_ONCE: Final = 8
"""Bodies that are read at once; a sender of more is asked to come again."""
_KINDS: Final = frozenset({JSON, PROTOBUF})
_ENCODINGS: Final = frozenset({"", "identity", "gzip", "deflate"})


class _Refused(Exception):  # noqa: N818 - what happens to a body
    """A body is not taken, for this reason. status: of HTTP."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(slots=True)
class _Taking:
    """Answers as OTLP over HTTP has it: 400 for a body that will never be read, 503 for one that may be later."""

    channel: Channel
    _at_once: int = field(default=0, init=False)

    async def post(self, request: web.Request) -> web.Response:
        kind = request.content_type if request.content_type in _KINDS else PROTOBUF
        try:
            spans = await self._spans(request)
        except _Refused as refused:
            words = str(refused)
            self.channel.send(Came(refused=f"{refused.status}, {words}", cpu_s=time.process_time()))
            more = {503: {"retry-after": "1"}, 413: {"connection": "close"}}.get(refused.status)
            return web.Response(status=refused.status, body=refusal(words, kind), content_type=kind, headers=more)
        self.channel.send(Came(spans=spans, cpu_s=time.process_time()))
        return web.Response(body=answer(kind), content_type=kind)

    async def _spans(self, request: web.Request) -> tuple[tuple[str, SpanTold], ...]:
        """Raises _Refused."""
        if request.content_type not in _KINDS:
            raise _Refused(415, f"the content type is neither {PROTOBUF} nor {JSON}")
        if request.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            raise _Refused(415, "the content encoding is neither gzip nor deflate")
        if self._at_once >= MOST_AT_ONCE:
            raise _Refused(503, f"more than {MOST_AT_ONCE} bodies at once")
        self._at_once += 1
        try:
            return tuple(spans_of(await request.read(), request.content_type))
        except web.HTTPRequestEntityTooLarge:
            raise _Refused(413, f"longer than {MOST_BYTES >> 20} MiB") from None
        except (HttpProcessingError, web.RequestPayloadError):
            raise _Refused(400, "the body cannot be unpacked") from None
        except BadBody as error:
            raise _Refused(400, str(error)) from None
        finally:
            self._at_once -= 1


async def main(descriptor: int) -> None:
    """Serve until the parent is gone."""
    channel = await Channel.open(socket.socket(fileno=descriptor))
    told = await channel.receive()
    if not isinstance(told, Listen):
        return
    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_post(PATH, _Taking(channel).post)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, told.host, told.port)
        await site.start()
    except OSError as error:
        channel.send(Listening(told.port, error.strerror or str(error)))
        await channel.aclose()
        return
    channel.send(Listening(runner.addresses[0][1]))
    while await channel.receive() is not None:
        pass
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
