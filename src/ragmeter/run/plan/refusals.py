"""Why a service does not let a caller in: the wrong scheme, a certificate, or no credentials; and what helps."""

import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

import httpx

from ragmeter.core.inputs.provider import Provider

REFUSED: Final = (401, 403)
HANDSHAKE_S: Final = 5.0
_PLAIN_TO_TLS: Final = (b"HTTPS port", b"HTTPS server")
"""What nginx and Go answer to HTTP where they expect TLS."""


def wants_tls(page: bytes) -> bool:
    """Whether an answer to plain HTTP says that its port expects TLS."""
    return any(words in page for words in _PLAIN_TO_TLS)


def credentials_hint(status: int, provider: Provider) -> str:
    """For the end of a message about a status: what was sent, or where credentials are written.

    provider: an authorized one.
    """
    if status not in REFUSED:
        return ""
    if provider.headers:
        return f"; it was sent the header {', '.join(provider.headers)}: is the value still good?"
    return (
        "; no credentials were sent: write them in the provider file, such as "
        "'headers: {Authorization: \"Bearer ${TOKEN}\"}', or see its key 'auth'"
    )


def said_of(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def with_tls(url: str) -> str:
    return f"speaks TLS; write https://{url.removeprefix('http://')}"


def of_scheme(error: httpx.HTTPError, url: str) -> str | None:
    """What is wrong with the scheme or the certificate, if that is what is wrong."""
    said = said_of(error)
    if url.startswith("http://"):
        if not isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
            return None
        return with_tls(url) if _speaks_tls(url) else f"does not speak HTTP: {said}"
    if "CERTIFICATE_VERIFY_FAILED" in said:
        why = said.rpartition(": ")[2]
        return f"its certificate is not trusted ({why}); name its authority with --ca-file FILE or the key ca_file"
    if isinstance(error.__context__, ssl.SSLError) or "SSL" in said:
        return f"does not speak TLS ({said}); if it speaks HTTP, write http://{url.removeprefix('https://')}"
    return None


def _speaks_tls(url: str) -> bool:
    """By a handshake. Nothing is sent, so whose certificate it is does not matter."""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 80), HANDSHAKE_S) as raw,
            context.wrap_socket(raw, server_hostname=parts.hostname),
        ):
            return True
    except OSError:
        return False
