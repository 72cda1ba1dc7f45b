"""The ground-truth server of ragmeter.testing on port 8000 of all addresses, until SIGTERM."""

import asyncio
import os
import signal

from ragmeter.testing import StreamScript
from ragmeter.testing.server import ServerConnection, Stage, close


async def main() -> None:
    script = StreamScript(
        ttft_ms=float(os.environ["TTFT_MS"]), itl_ms=float(os.environ["ITL_MS"]), tokens=int(os.environ["TOKENS"])
    )
    stage = Stage(default=script, scripts={})
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(lambda: ServerConnection(stage), "0.0.0.0", 8000, backlog=1024)  # noqa: S104
    await stop.wait()
    await close(server)


asyncio.run(main())
