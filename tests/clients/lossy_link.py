"""A second network namespace on a link of our own: for packets that get lost, with the real kernel on both sides."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """here, there: interfaces of this namespace and of ``namespace``. address: that of the other side."""

    namespace: str
    here: str
    there: str
    address: str

    def inside(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *command]


def bed_offered() -> bool:
    """Whether this process may make namespaces and interfaces: root with iproute2, and not in a container."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return False
    name = f"rm{os.getpid()}probe"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return made


@contextlib.contextmanager
def bed() -> Iterator[Bed]:
    """Two namespaces joined by a pair of interfaces, in a network for benchmarks (RFC 2544) of this process's own."""
    name = f"rm{os.getpid()}"
    network = f"198.18.{os.getpid() % 251}"
    laid = Bed(namespace=name, here=f"{name}a", there=f"{name}b", address=f"{network}.2")
    _ip("netns", "add", name)
    try:
        _ip("link", "add", laid.here, "type", "veth", "peer", "name", laid.there, "netns", name)
        _ip("addr", "add", f"{network}.1/24", "dev", laid.here)
        _ip("link", "set", laid.here, "up")
        _ip("-n", name, "addr", "add", f"{laid.address}/24", "dev", laid.there)
        _ip("-n", name, "link", "set", laid.there, "up")
        yield laid
    finally:
        _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def mac_of(interface: str) -> str:
    return Path(f"/sys/class/net/{interface}/address").read_text(encoding="ascii").strip().replace(":", "")
