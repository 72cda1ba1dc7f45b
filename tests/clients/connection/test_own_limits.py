import errno
import os
import resource
import ssl

import pytest

from ragmeter.clients.connection import own_limits
from ragmeter.clients.connection.own_limits import out_of_files, own_fault

HERE = ("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EMFILE, f"may open {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} files (ulimit -n)"),
        (errno.ENFILE, "fs.file-max"),
        (errno.EADDRNOTAVAIL, "net.ipv4.ip_local_port_range"),
        (errno.EADDRINUSE, "net.ipv4.ip_local_port_range"),
        (errno.ENOBUFS, "net.ipv4.tcp_mem"),
        (errno.ENOMEM, "net.ipv4.tcp_mem"),
        (errno.EPERM, "firewall rule of this machine"),
        (errno.ENETDOWN, "network of this machine is down"),
        (errno.EAFNOSUPPORT, "family of addresses"),
    ],
)
def test_an_error_of_this_machine_is_told_with_its_limit(code: int, words: str) -> None:
    said = own_fault(OSError(code, os.strerror(code)), HERE)
    assert said is not None
    assert said.startswith(os.strerror(code))
    assert words in said


@pytest.mark.parametrize("code", [errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT, errno.EPIPE, 0])
def test_what_the_service_or_the_network_did_is_not_ours(code: int) -> None:
    assert own_fault(OSError(code, os.strerror(code)), HERE) is None
    assert own_fault(OSError("no code"), HERE) is None


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EHOSTUNREACH])
def test_a_host_that_cannot_be_reached_is_our_fault_only_without_a_route(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OSError(code, os.strerror(code))
    assert own_fault(error) is None
    monkeypatch.setattr(own_limits, "_has_route", lambda address: True)
    assert own_fault(error, HERE) is None
    monkeypatch.setattr(own_limits, "_has_route", lambda address: False)
    assert own_fault(error, HERE) == f"{os.strerror(code)}: this machine has no route there"


def test_codes_of_tls_are_others() -> None:
    assert own_fault(ssl.SSLCertVerificationError(1, "certificate verify failed")) is None


def test_a_process_that_can_open_a_file_is_not_out_of_them() -> None:
    assert out_of_files() is None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        words = out_of_files()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert words == f"Too many open files: this process may open {free} files (ulimit -n)"
