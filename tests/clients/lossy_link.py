"""A second network namespace on a link of our own: for packets that get lost, with the real kernel on both sides."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.netns import Namespace, namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """here, there: interfaces of this namespace and of the other one. address: that of the other side."""

    other: Namespace
    here: str
    there: str
    address: str


@contextlib.contextmanager
def bed() -> Iterator[Bed]:
    """Two namespaces joined by a pair of interfaces, in a network for benchmarks (RFC 2544) of this process's own."""
    name = f"rm{os.getpid()}"
    network = f"198.18.{os.getpid() % 251}"
    with namespace() as other:
        laid = Bed(other=other, here=f"{name}a", there=f"{name}b", address=f"{network}.2")
        _ip("link", "add", laid.here, "type", "veth", "peer", "name", laid.there, "netns", str(other.pid))
        try:
            _ip("addr", "add", f"{network}.1/24", "dev", laid.here)
            _ip("link", "set", laid.here, "up")
            other.ip("addr", "add", f"{laid.address}/24", "dev", laid.there)
            other.ip("link", "set", laid.there, "up")
            yield laid
        finally:
            _ip("link", "del", laid.here)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def mac_of(interface: str) -> str:
    return Path(f"/sys/class/net/{interface}/address").read_text(encoding="ascii").strip().replace(":", "")
