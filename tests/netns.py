"""Network namespaces that have no name and end with the process that holds them: a killed runner leaves none behind."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.tethered import tethered
from tests.waiting import wait_until

START_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Namespace:
    """pid: of the process that holds it, which `ip` takes for a name of the namespace."""

    pid: int

    @property
    def path(self) -> Path:
        return Path(f"/proc/{self.pid}/ns/net")

    def inside(self, *command: str) -> list[str]:
        """The command, run in it."""
        return ["nsenter", f"--net={self.path}", *command]

    def ip(self, *arguments: str) -> None:
        """Run ``ip`` in it. Raises CalledProcessError."""
        subprocess.run(self.inside("ip", *arguments), check=True, capture_output=True, timeout=60)

    def pids(self) -> list[int]:
        """The processes in it, its holder left out."""
        own = self.path.readlink()
        found = [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit()]
        return [pid for pid in found if pid != self.pid and _namespace_of(pid) == own]


@contextmanager
def namespace() -> Iterator[Namespace]:
    """A new one with its loopback up. Fails the test where it cannot be made."""
    command = ["unshare", "--net", "sleep", "infinity"]
    with subprocess.Popen(tethered(command), stderr=subprocess.PIPE, text=True) as holder:
        try:
            made = Namespace(holder.pid)
            _wait_until_held(made, holder)
            made.ip("link", "set", "lo", "up")
            yield made
        finally:
            holder.kill()


def _wait_until_held(made: Namespace, holder: "subprocess.Popen[str]") -> None:
    outside = _namespace_of(os.getpid())

    def is_held() -> bool:
        assert holder.poll() is None, holder.communicate()[1]
        return _namespace_of(made.pid) not in (outside, None)

    wait_until(is_held, START_TIMEOUT_S, every_s=0.01, why=lambda: "no namespace came up")


def _namespace_of(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/ns/net").readlink()
    except OSError:
        return None
