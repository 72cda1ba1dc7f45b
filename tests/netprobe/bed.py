"""Two hosts on one machine, as network namespaces, with a link between them whose bandwidth, delay or loss is known."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RELAY = Path(__file__).with_name("relay.py")
CLIENT, SERVER = "198.18.0.1", "198.18.0.2"
START_TIMEOUT_S = 20
BURST_BYTES = {10: 32_000, 100: 32_000, 1000: 262_144}
"""Of the token bucket, by rate in Mbit/s: at least what comes between two ticks of it, and little beside the test."""

QUEUE, DEEP_QUEUE = "400ms", "2s"
"""A short queue makes TCP lose packets, and its rate is then no longer the link's. What a deep one holds is still to
come when the sender has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """Commands run in the namespace of the client; the server answers in its own."""

    client: str
    server: str

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


def in_namespace(name: str, *command: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    full = ["ip", "netns", "exec", name, *command]
    return subprocess.run(full, capture_output=True, text=True, check=False, timeout=timeout_s, cwd=ROOT)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


@contextmanager
def bed(
    *, mbit: int | None = None, queue: str = QUEUE, one_way_us: int | None = None, loss: float = 0.0, seed: int = 1
) -> Iterator[Bed]:
    """mbit: rate of the link, each way, counted with Ethernet headers; queue: before it. one_way_us, loss: each way."""
    ident = uuid.uuid4().hex[:6]
    made = Bed(client=f"rm-{ident}-a", server=f"rm-{ident}-b")
    with ExitStack() as stack:
        for name in (made.client, made.server):
            ip("netns", "add", name)
            stack.callback(ip, "netns", "delete", name)
            ip("-n", name, "link", "set", "lo", "up")
        if one_way_us is None and not loss:
            _wire(made, mbit, queue)
        else:
            stack.enter_context(_relayed(made, one_way_us or 0, loss, seed))
        for name, address in ((made.client, CLIENT), (made.server, SERVER)):
            ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "dev", "eth0", "mtu", "1500", "up")
        stack.enter_context(_serving(made))
        yield made


def _wire(made: Bed, mbit: int | None, queue: str) -> None:
    ip("-n", made.client, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", made.server)
    if mbit is not None:
        shape = ["tbf", "rate", f"{mbit}mbit", "burst", str(BURST_BYTES[mbit]), "latency", queue]
        for name in (made.client, made.server):
            done = in_namespace(name, "tc", "qdisc", "add", "dev", "eth0", "root", *shape)
            assert done.returncode == 0, done.stderr


@contextmanager
def _relayed(made: Bed, one_way_us: int, loss: float, seed: int) -> Iterator[None]:
    command = [sys.executable, str(RELAY), made.client, made.server, str(one_way_us), str(loss), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
        process.communicate("", timeout=10)


@contextmanager
def _serving(made: Bed) -> Iterator[None]:
    command = ["ip", "netns", "exec", made.server, sys.executable, "-m", "netprobe", "serve", "--node", "server"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            _wait_for_port(made, process)
            yield
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _wait_for_port(made: Bed, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while in_namespace(made.server, "ss", "-Htln").stdout.count("520") < 2:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "the server does not listen"
        time.sleep(0.05)
