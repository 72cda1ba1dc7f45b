"""Whom a client trusts, and what it shows of itself: PEM files, read and checked before anything is sent."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.tls import TlsFiles

HTTP_1: Final = ("http/1.1",)
HTTP_2: Final = ("h2",)
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def tls_context(files: TlsFiles, protocols: Sequence[str] = HTTP_1) -> ssl.SSLContext:
    """protocols: offered in the handshake (ALPN), the preferred one first. Raises ConfigError for a file that is not
    what it should be, and for a client certificate that is not valid now.
    """
    context = _trusting(files.ca)
    if files.cert is not None:
        _show(context, files.cert, files.key)
    context.set_alpn_protocols(list(protocols))
    return context


def verification(url: str) -> ssl.SSLContext | bool:
    """What httpx takes as ``verify``. Nothing for plain HTTP: to read the certificates of the machine takes longer than
    the request.
    """
    return False if url.startswith("http://") else ssl.create_default_context()


def _trusting(ca: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"$.ca_file: {ca}: {_words(error)}") from error


def _show(context: ssl.SSLContext, cert: str, key: str | None) -> None:
    pem = _read(cert, "client_cert")
    if key is not None:
        _read(key, "client_key")  # OpenSSL does not say which of the two it could not read
    try:
        context.load_cert_chain(cert, key, password=_no_passphrase)
    except ssl.SSLError as error:
        where = f"with the key of {key}" if key else "with its key in the same file"
        raise ConfigError(f"$.tls.client_cert: {cert}: not a PEM certificate {where}: {_words(error)}") from error
    except _EncryptedKeyError:
        raise ConfigError(f"$.tls: {key or cert}: the key is encrypted; give one without a passphrase") from None
    _check_time(cert, pem, datetime.now(UTC))


def _read(file: str, name: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise ConfigError(f"$.tls.{name}: {file}: {_words(error)}") from error


def _words(error: OSError) -> str:
    return (error.reason if isinstance(error, ssl.SSLError) else error.strerror) or str(error)


class _EncryptedKeyError(Exception):
    """The key wants a passphrase."""


def _no_passphrase() -> str:
    raise _EncryptedKeyError


def _check_time(cert: str, pem: str, now: datetime) -> None:
    """Skipped where nothing can read a certificate: the service then says that it is refused."""
    try:
        from cryptography import x509
    except ImportError:
        return
    read = x509.load_pem_x509_certificate((pem[pem.index(_BEGIN) :].partition(_END)[0] + _END).encode())
    if now > read.not_valid_after_utc:
        raise ConfigError(f"$.tls.client_cert: {cert}: it expired at {read.not_valid_after_utc.isoformat()}")
    if now < read.not_valid_before_utc:
        begins = read.not_valid_before_utc.isoformat()
        raise ConfigError(f"$.tls.client_cert: {cert}: it is not valid before {begins}")
