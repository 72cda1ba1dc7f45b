"""A real HTTP proxy, the package proxy.py, that wants to know who asks."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.tethered import tethered
from tests.waiting import wait_until

USER, PASSWORD = "load", "a:secret@of the proxy"
WRITTEN = "a%3Asecret%40of%20the%20proxy"
"""The password as a URL has it."""
START_S = 60


@dataclass(frozen=True, slots=True)
class RealProxy:
    """port: of 127.0.0.1. log: where it writes what it did."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        """With its credentials."""
        return f"http://{USER}:{WRITTEN}@127.0.0.1:{self.port}"

    def has_done(self, words: str) -> str:
        """The line of its log with these words. It is written when the connection ends."""

        def line() -> str | None:
            return next((line for line in self.log.read_text().splitlines() if words in line), None)

        return wait_until(line, START_S, why=self.log.read_text)


@contextmanager
def real_proxy(folder: Path) -> Iterator[RealProxy]:
    log, told = folder / "proxy.log", folder / "port"
    told.touch()
    options = ["--hostname", "127.0.0.1", "--port", "0", "--port-file", str(told), "--log-file", str(log)]
    few = ["--num-acceptors", "1", "--num-workers", "1", "--data-dir", str(folder)]
    command = [sys.executable, "-m", "proxy", *options, *few, "--basic-auth", f"{USER}:{PASSWORD}"]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(tethered(command), stdout=output, stderr=output)
    try:
        port = wait_until(lambda: told.read_text().strip() or None, START_S, why=(folder / "output").read_text)
        yield RealProxy(port=int(port), log=log)
    finally:
        process.terminate()
        process.wait(START_S)
