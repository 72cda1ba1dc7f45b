"""An edge that takes a known time: ``python -m tests.run.slow_relay URL MILLISECONDS``.

A relay on real sockets that ends connections, as a proxy does, and passes on what comes in either direction after that
time. It is a process of its own, writes its URL, and ends when its standard input does.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.tethered import tethered

Pieces = asyncio.Queue[tuple[float, bytes]]


@contextmanager
def slow_relay(url: str, *, delay_ms: float) -> Iterator[str]:
    """Its URL, in front of the service at ``url``. delay_ms: each way."""
    command = [sys.executable, "-m", __name__, url, str(delay_ms)]
    with subprocess.Popen(tethered(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


async def serve(url: str, delay_s: float) -> None:
    host, port = urlsplit(url).hostname, urlsplit(url).port or 80

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            far_reader, far_writer = await asyncio.open_connection(host, port)
            await asyncio.gather(passed_on(reader, far_writer, delay_s), passed_on(far_reader, writer, delay_s))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    """Everything that is read, each piece so much later and in its order."""
    due: Pieces = asyncio.Queue()
    loop, writing = asyncio.get_running_loop(), asyncio.create_task(written(due, writer))
    try:
        while data := await reader.read(65536):
            due.put_nowait((loop.time() + delay_s, data))
        due.put_nowait((loop.time() + delay_s, b""))
        await writing
    finally:
        writing.cancel()
        writer.close()


async def written(due: Pieces, writer: asyncio.StreamWriter) -> None:
    while True:
        at_s, data = await due.get()
        await asyncio.sleep(at_s - asyncio.get_running_loop().time())
        if not data:
            return
        writer.write(data)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], float(sys.argv[2]) / 1e3))
