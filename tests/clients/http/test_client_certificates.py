"""Services that want to know who asks: a server that demands a client's certificate, for load and control calls."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ragmeter.clients.connection.tls_files import tls_context
from ragmeter.clients.connection.transport import Exchange
from ragmeter.clients.http.client import HttpTransport
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.tls import TlsFiles
from ragmeter.core.requests.records import ErrorClass
from ragmeter.run.plan.metrics_sources import metrics_sources
from ragmeter.run.plan.target import reach
from tests.clients.http.exchanges import closing, send
from tests.run.cases import provider, workload

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Files:
    """Of one authority. both: certificate and key in one file. other: the client of another authority."""

    folder: Path
    ca: str
    cert: str
    key: str
    both: str
    other: str
    server: ssl.SSLContext

    def file(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder, authority = tmp_path_factory.mktemp("certificates"), trustme.CA()
    paths = {name: str(folder / f"{name}.pem") for name in ("ca", "cert", "key", "both", "other")}
    mine, other = authority.issue_cert("load@example.com"), trustme.CA().issue_cert("load@example.com")
    authority.cert_pem.write_to_path(paths["ca"])
    mine.cert_chain_pems[0].write_to_path(paths["cert"])
    mine.private_key_pem.write_to_path(paths["key"])
    mine.private_key_and_cert_chain_pem.write_to_path(paths["both"])
    other.private_key_and_cert_chain_pem.write_to_path(paths["other"])
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=paths["ca"])
    server.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert("127.0.0.1").configure_cert(server)
    return Files(folder, **paths, server=server)


@contextlib.contextmanager
def demanding(files: Files) -> Iterator[tuple[str, list[object]]]:
    """The URL of a server that demands a certificate, and whom it has seen.

    It is no server of asyncio, which closes without the alert that says why.
    """
    seen: list[object] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                client, _ = listener.accept()
                with client.dup() as beneath, contextlib.suppress(OSError):
                    try:
                        with files.server.wrap_socket(client, server_side=True) as tls:
                            seen.append((tls.getpeercert() or {})["subjectAltName"])
                            tls.recv(65536)
                            tls.sendall(ANSWER)
                    except ssl.SSLError:
                        beneath.shutdown(socket.SHUT_WR)
                        while beneath.recv(65536):  # unread, it would become a reset, which overtakes the alert
                            pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", seen
        listener.shutdown(socket.SHUT_RDWR)  # close alone does not wake the thread
        thread.join(30)


def asked(files: Files, clock: str, **shown: str) -> tuple[Exchange, list[object]]:
    async def main(url: str) -> Exchange:
        async with closing(HttpTransport([url], tls=TlsFiles(ca=files.ca, **shown), clock=clock)) as transport:
            return await send(transport, timeout_s=30)

    with demanding(files) as (url, seen):
        return asyncio.run(main(url)), seen


@pytest.mark.parametrize("clock", ["kernel", "user"])
@pytest.mark.parametrize("apart", [True, False], ids=["two files", "one file"])
def test_client_that_shows_its_certificate_is_let_in(files: Files, clock: str, apart: bool) -> None:
    shown = {"cert": files.cert, "key": files.key} if apart else {"cert": files.both}
    exchange, seen = asked(files, clock, **shown)
    assert (exchange.status, exchange.body, exchange.failure) == (200, b"ok", None)
    assert seen == [(("email", "load@example.com"),)]


@pytest.mark.parametrize("clock", ["kernel", "user"])
@pytest.mark.parametrize("name", [None, "other"], ids=["none", "of another authority"])
def test_client_that_is_not_let_in_is_a_tls_failure(files: Files, clock: str, name: str | None) -> None:
    exchange, seen = asked(files, clock, **({} if name is None else {"cert": files.other}))
    assert exchange.failure is not None
    assert exchange.failure[0] is ErrorClass.TLS, exchange.failure
    assert not seen


def test_control_calls_show_it_too(files: Files) -> None:
    with demanding(files) as (url, seen):
        reach(provider(url, tls=TlsFiles(ca=files.ca, cert=files.cert, key=files.key)), workload())
    assert seen == [(("email", "load@example.com"),)]


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ({"cert": "nowhere.pem"}, r"\$\.tls\.client_cert: nowhere\.pem: No such file"),
        ({"cert": "{cert}", "key": "nowhere.pem"}, r"\$\.tls\.client_key: nowhere\.pem: No such file"),
        ({"cert": "{cert}"}, r"\$\.tls\.client_cert: .*cert\.pem: not a PEM certificate with its key in the same file"),
        ({"cert": "{ca}", "key": "{key}"}, r"ca\.pem: not a PEM certificate with the key of .*key\.pem: KEY_VALUES"),
        ({"cert": "{expired}"}, r"expired\.pem: it expired at "),
        ({"cert": "{early}"}, r"early\.pem: it is not valid before "),
        ({"cert": "{cert}", "key": "{locked}"}, r"locked\.pem: the key is encrypted; give one without a passphrase"),
    ],
)
def test_file_that_cannot_be_shown_is_named_before_anything_is_sent(
    files: Files, shown: dict[str, str], words: str
) -> None:
    authority = trustme.CA()
    times = {"expired": (NOW - 9 * DAY, NOW - DAY), "early": (NOW + DAY, NOW + 9 * DAY)}
    paths = {name: getattr(files, name) for name in ("ca", "cert", "key")}
    for name, (begin, end) in times.items():
        issued = authority.issue_cert("a@example.com", not_before=begin, not_after=end)
        paths[name] = files.file(f"{name}.pem", issued.private_key_and_cert_chain_pem.bytes())
    key = load_pem_private_key(Path(files.key).read_bytes(), password=None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a passphrase"))
    paths["locked"] = files.file("locked.pem", locked)
    with pytest.raises(ConfigError, match=words):
        tls_context(TlsFiles(**{part: path.format(**paths) for part, path in shown.items()}))


def test_metrics_page_is_read_with_the_certificate(files: Files) -> None:
    """What the server says is no metric: it has let the client in."""
    with demanding(files) as (url, seen):
        mine = provider(url, tls=TlsFiles(ca=files.ca, cert=files.both), observe=(f"{url}/metrics",))
        found = metrics_sources(mine, workload())
    assert seen == [(("email", "load@example.com"),)]
    assert found.notes == (f"{url}/metrics: has none of the metrics that are known",)
