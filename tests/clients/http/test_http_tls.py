"""Whose certificates are trusted."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import trustme

from ragmeter.clients.connection.transport import Exchange
from ragmeter.clients.http.client import HttpTransport
from ragmeter.core.inputs.access.tls import TlsFiles
from ragmeter.core.requests.records import ErrorClass
from ragmeter.testing import GroundTruthServer
from tests.clients.http.exchanges import RUNNERS, STREAM, TransportTo, send


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def pem_files(authority: trustme.CA, folder: Path, host: str) -> tuple[Path, Path, Path]:
    certificate, ca_file = folder / "server.pem", folder / "ca.pem"
    key = folder / "key.pem"
    issued = authority.issue_cert(host)
    issued.private_key_pem.write_to_path(str(key))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(str(ca_file))
    return certificate, key, ca_file


@pytest.mark.parametrize("run", RUNNERS, ids=["asyncio", "uvloop"])
def test_tls_is_verified_with_the_given_authority(
    transport_to: TransportTo, authority: trustme.CA, tmp_path: Path, run: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    certificate, key, ca_file = pem_files(authority, tmp_path, "127.0.0.1")

    async def main(url: str) -> list[Exchange]:
        async with transport_to(url, tls=TlsFiles(ca=str(ca_file))) as transport:
            return [await send(transport, STREAM) for _ in range(2)]

    with GroundTruthServer(certificate=certificate, key=key) as server:
        new, kept = run(main(server.base_url))
        assert len(server.truths()) == 2
    assert new.tls_ns is not None
    assert new.failure is None
    assert kept.tls_ns is None
    assert kept.body.endswith(b"\n\n")


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("elsewhere.example", True)])
def test_certificate_that_does_not_verify_is_a_tls_failure(
    transport_to: TransportTo, authority: trustme.CA, tmp_path: Path, host: str, trusted: bool
) -> None:
    certificate, key, ca_file = pem_files(authority, tmp_path, host)

    async def main(url: str) -> Exchange:
        async with transport_to(url, tls=TlsFiles(ca=str(ca_file) if trusted else None)) as transport:
            return await send(transport)

    with GroundTruthServer(certificate=certificate, key=key) as server:
        exchange = asyncio.run(main(server.base_url))
    assert exchange.sent_ns is None
    assert exchange.failure is not None
    assert exchange.failure[0] is ErrorClass.TLS
    assert "certificate verify failed" in exchange.failure[1]


def test_plain_server_behind_https_is_a_tls_failure(transport_to: TransportTo, server: GroundTruthServer) -> None:
    async def main() -> Exchange:
        async with transport_to(server.base_url.replace("http:", "https:")) as transport:
            return await send(transport)

    failure = asyncio.run(main()).failure
    assert failure is not None
    assert failure[0] is ErrorClass.TLS


def test_system_authorities_are_used_when_no_file_is_given() -> None:
    transport = HttpTransport(["https://host"])
    context = transport._tls
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
