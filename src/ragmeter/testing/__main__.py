"""``python -m ragmeter.testing``: a ground-truth server in a process of its own, until a signal ends it.

Prints ``{"event": "listening", "url": …}`` when it accepts connections. ``GET /truths`` says what it did.
"""

import argparse
import asyncio
import json
import resource
import signal
import sys

from ragmeter.testing.script import StreamScript
from ragmeter.testing.server import Stage, close, listen


def main(argv: list[str]) -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m ragmeter.testing", description="Serve streams of known times.")
    parser.add_argument("--ttft-ms", type=float, default=20.0, help="from the request to the first text event")
    parser.add_argument("--itl-ms", type=float, default=5.0, help="gap between text events")
    parser.add_argument("--tokens", type=int, default=16, help="text events of a stream")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; the port is a free one")
    options = parser.parse_args(argv)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a stream is an open file, and 1,024 are the usual limit
    script = StreamScript(ttft_ms=options.ttft_ms, itl_ms=options.itl_ms, tokens=options.tokens)
    asyncio.run(_serve(script, options.host))


async def _serve(script: StreamScript, host: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await listen(Stage(default=script, scripts={}), host, None)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps({"event": "listening", "url": f"http://{host}:{port}"}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await close(server)


if __name__ == "__main__":
    main(sys.argv[1:])
