"""Faults of the machine that measures: told from those of the service by the error of the operating system.

A process without a free descriptor, a host without a free port or without a route says nothing of the service: a
failure of that kind is the client's, with the limit that it ran into.
"""

import errno
import os
import resource
import socket
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_HINTS: Mapping[int, Callable[[], str]] = {
    errno.EMFILE: lambda: f"this process may open {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} files (ulimit -n)",
    errno.ENFILE: lambda: "this machine may open no more files (sysctl fs.file-max)",
    errno.EADDRNOTAVAIL: lambda: f"no free local port of {_ports()} (sysctl net.ipv4.ip_local_port_range)",
    errno.EADDRINUSE: lambda: f"no free local port of {_ports()} (sysctl net.ipv4.ip_local_port_range)",
    errno.ENOBUFS: lambda: "the kernel has no memory for sockets (sysctl net.ipv4.tcp_mem)",
    errno.ENOMEM: lambda: "the kernel has no memory for sockets (sysctl net.ipv4.tcp_mem)",
    errno.EPERM: lambda: "a firewall rule of this machine forbids it",
    errno.EACCES: lambda: "a firewall rule of this machine forbids it",
    errno.ENETDOWN: lambda: "the network of this machine is down",
    errno.EAFNOSUPPORT: lambda: "this machine does not speak this family of addresses",
}
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH)


def own_fault(error: OSError, address: Any = None) -> str | None:
    """What this machine lacks, in words with its limit; None where the error is the network's or the service's.

    address: where a connection was to go. Without a route to it the fault is ours; that a host beyond a route cannot be
    reached is not.
    """
    code = 0 if isinstance(error, ssl.SSLError) else error.errno or 0  # it has codes of its own, and some are alike
    if code in _NO_ROUTE:
        return f"{error.strerror}: this machine has no route there" if address and not _has_route(address) else None
    if code not in _HINTS:
        return None
    return f"{error.strerror or os.strerror(code)}: {_HINTS[code]()}"


def out_of_files() -> str | None:
    """The words for it when this process cannot open one more file; a resolver that cannot says something else."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return own_fault(error)
    return None


def _ports() -> str:
    try:
        return "-".join(_PORTS.read_text().split())
    except OSError:
        return "the system's range"


def _has_route(address: Any) -> bool:
    """Whether the kernel knows a way: connecting a datagram socket looks it up and sends nothing."""
    family = socket.AF_INET6 if ":" in str(address[0]) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(address)
    except OSError as error:
        return error.errno not in _NO_ROUTE
    return True
