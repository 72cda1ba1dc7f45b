"""Records between a process and one that it started, over a pair of sockets.

Records are pickled: both ends are the same code on the same machine, and the sockets have no name that anybody else
could connect to. What is sent never waits for the reader, so that a slow reader holds up no request.
"""

import asyncio
import pickle
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Self

SIZE_BYTES = 4


class Channel:
    """One end; used in one event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, sock: socket.socket) -> Self:
        """On a connected socket, which it then owns, also when this is cancelled: an event loop does not end with one
        that nobody closes.
        """
        opening = asyncio.ensure_future(asyncio.open_unix_connection(sock=sock))
        try:
            return cls(*await asyncio.shield(opening))
        except asyncio.CancelledError:
            await cls(*await opening).aclose()
            raise

    def send(self, record: Any) -> None:
        """Hand it over to be written; a lost other end is noticed by `receive`."""
        self._writer.write(written(record))

    async def receive(self) -> Any:
        """The next record; None when the other end is gone."""
        try:
            size = int.from_bytes(await self._reader.readexactly(SIZE_BYTES), "big")
            return pickle.loads(await self._reader.readexactly(size))  # noqa: S301 - from a process of ours
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def aclose(self) -> None:
        """Write what was sent, if the other end still reads, and close."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return


@asynccontextmanager
async def opened(sock: socket.socket) -> AsyncIterator[Channel]:
    """A channel on a connected socket, closed at the end."""
    channel = await Channel.open(sock)
    try:
        yield channel
    finally:
        await channel.aclose()


def written(record: Any) -> bytes:
    """The record as the other end reads it."""
    data = pickle.dumps(record, protocol=pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(SIZE_BYTES, "big") + data


def records(sock: socket.socket) -> Iterator[Any]:
    """What comes over a socket, for a thread that does nothing else: it waits for each. Ends with the other end."""
    with sock.makefile("rb") as stream:
        while len(head := stream.read(SIZE_BYTES)) == SIZE_BYTES:
            size = int.from_bytes(head, "big")
            if len(data := stream.read(size)) < size:
                return
            yield pickle.loads(data)  # noqa: S301 - from a process of ours
