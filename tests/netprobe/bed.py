"""Two hosts on one machine, as network namespaces, with a link between them whose bandwidth, delay or loss is known."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.netns import Namespace, namespace
from tests.tethered import tethered
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
RELAY = Path(__file__).with_name("relay.py")
CLIENT, SERVER = "198.18.0.1", "198.18.0.2"
START_TIMEOUT_S = 60
BURST_BYTES = {10: 32_000, 100: 32_000, 1000: 262_144}
"""Of the token bucket, by rate in Mbit/s: at least what comes between two ticks of it, and little beside the test."""

QUEUE, DEEP_QUEUE = "400ms", "2s"
"""A short queue makes TCP lose packets, and its rate is then no longer the link's. What a deep one holds is still to
come when the sender has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """Commands run in the namespace of the client; the server answers in its own."""

    client: Namespace
    server: Namespace

    def run(self, *command: str, timeout_s: float = 60) -> str:
        """The output of a command on the client. Fails the test when it fails."""
        done = in_namespace(self.client, *command, timeout_s=timeout_s)
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout

    def on_server(self, *command: str) -> str:
        """The output of a command on the server."""
        return in_namespace(self.server, *command).stdout

    def probe(self, *options: str) -> dict[str, Any]:
        """The document of the very program that runs in the pods."""
        asked = ["--server", SERVER, "--server-node", "server", "--node", "client", *options]
        document: dict[str, Any] = json.loads(self.run(sys.executable, "-m", "netprobe", "probe", *asked))
        return document


def in_namespace(place: Namespace, *command: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    full = place.inside(*command)
    return subprocess.run(full, capture_output=True, text=True, check=False, timeout=timeout_s, cwd=ROOT)


@contextmanager
def bed(
    *, mbit: int | None = None, queue: str = QUEUE, one_way_us: int | None = None, loss: float = 0.0, seed: int = 1
) -> Iterator[Bed]:
    """mbit: rate of the link, each way, counted with Ethernet headers; queue: before it. one_way_us, loss: each way."""
    with ExitStack() as stack:
        made = Bed(client=stack.enter_context(namespace()), server=stack.enter_context(namespace()))
        if one_way_us is None and not loss:
            _wire(made, mbit, queue)
        else:
            stack.enter_context(_relayed(made, one_way_us or 0, loss, seed))
        for place, address in ((made.client, CLIENT), (made.server, SERVER)):
            place.ip("address", "add", f"{address}/24", "dev", "eth0")
            place.ip("link", "set", "dev", "eth0", "mtu", "1500", "up")
        stack.enter_context(_serving(made))
        yield made


def _wire(made: Bed, mbit: int | None, queue: str) -> None:
    made.client.ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", str(made.server.pid))
    if mbit is not None:
        shape = ["tbf", "rate", f"{mbit}mbit", "burst", str(BURST_BYTES[mbit]), "latency", queue]
        for place in (made.client, made.server):
            done = in_namespace(place, "tc", "qdisc", "add", "dev", "eth0", "root", *shape)
            assert done.returncode == 0, done.stderr


@contextmanager
def _relayed(made: Bed, one_way_us: int, loss: float, seed: int) -> Iterator[None]:
    places = (str(made.client.path), str(made.server.path))
    command = [sys.executable, str(RELAY), *places, str(one_way_us), str(loss), str(seed)]
    with subprocess.Popen(tethered(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
        process.communicate("", timeout=60)


@contextmanager
def _serving(made: Bed) -> Iterator[None]:
    command = made.server.inside(sys.executable, "-m", "netprobe", "serve", "--node", "server")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        tethered(command), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            _wait_for_port(made, process)
            yield
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _wait_for_port(made: Bed, process: subprocess.Popen[bytes]) -> None:
    def listens() -> bool:
        assert process.poll() is None, process.communicate()[1]
        return in_namespace(made.server, "ss", "-Htln").stdout.count("520") >= 2

    wait_until(listens, START_TIMEOUT_S, why=lambda: "the server does not listen")
