"""OAuth 2.0 client credentials (RFC 6749, 4.4): a token of a server, for a client that has a name and a secret."""

from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from ragmeter.clients.connection.control import reaching
from ragmeter.clients.tokens.exec_plugin import NoCredential, one_line
from ragmeter.clients.tokens.token import Token
from ragmeter.core.inputs.access.auth import OAuthClient
from ragmeter.core.inputs.access.proxy import DIRECT, Proxies
from ragmeter.core.inputs.access.tls import TlsFiles

TIMEOUT_S: Final = 15.0


def fetch(client: OAuthClient, tls: TlsFiles, proxies: Proxies = DIRECT) -> Token:
    """Ask for a token. The secret goes into the header that the standard has for it.

    Raises NoCredential with what the server said; its answer is not repeated where it may hold a token.
    """
    asked = {"grant_type": "client_credentials", "scope": client.scope, "audience": client.audience}
    form = {name: value for name, value in asked.items() if value is not None}
    try:
        with httpx.Client(timeout=TIMEOUT_S, **reaching(client.token_url, tls=tls, proxies=proxies)) as http:
            answer = http.post(client.token_url, data=form, auth=(client.client_id, client.client_secret))
    except httpx.TimeoutException as error:
        raise NoCredential(f"did not answer within {TIMEOUT_S:g} s") from error
    except httpx.HTTPError as error:
        raise NoCredential(f"cannot be reached: {str(error) or type(error).__name__}") from None
    return _token_of(answer)


def _token_of(answer: httpx.Response) -> Token:
    try:
        told = answer.json()
    except ValueError:
        told = None
    document = told if isinstance(told, dict) else {}
    if not answer.is_success:
        words = ": ".join(str(document[name]) for name in ("error", "error_description") if document.get(name))
        raise NoCredential(f"refused with HTTP {answer.status_code}{f': {one_line(words)}' if words else ''}")
    value, kind = document.get("access_token"), str(document.get("token_type", "Bearer"))
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise NoCredential("answered without an access_token")
    if kind.lower() != "bearer":
        raise NoCredential(f"gave a token of the type {one_line(kind)!r}; known is Bearer")
    now, lasts_s = datetime.now(UTC), document.get("expires_in")
    try:
        expires = None if lasts_s is None else now + timedelta(seconds=float(lasts_s))
    except (TypeError, ValueError, OverflowError):
        raise NoCredential("answered with an expires_in that is no number of seconds") from None
    return Token(value=value, got=now, expires=expires)
