"""The credentials of this process: each is got once, and again when it is about to expire."""

import threading
from dataclasses import replace
from typing import Final

from ragmeter.clients.tokens.exec_plugin import NoCredential, run_plugin
from ragmeter.clients.tokens.oauth import fetch
from ragmeter.clients.tokens.token import Token
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.access.auth import HEADER, Auth, ExecPlugin
from ragmeter.core.inputs.masking import secrets_in
from ragmeter.core.inputs.provider import Provider

_held: dict[Auth, Token] = {}
_lock: Final = threading.Lock()


def authorized(provider: Provider) -> Provider:
    """The provider with the header that lets it in instead of ``auth``, and with its token among the secrets.

    Raises TargetError where there is no token.
    """
    if provider.auth is None:
        return provider
    value = f"Bearer {_token(provider, provider.auth).value}"
    headers = {**provider.headers, HEADER: value}
    own = secrets_in({HEADER: value}, from_environment=(), shown=())
    return replace(provider, headers=headers, secrets=provider.secrets.with_these(own), auth=None)


def renewal_s(provider: Provider) -> float | None:
    """In how many seconds `authorized` will have another token; None for never. It was called before."""
    token = None if provider.auth is None else _held.get(provider.auth)
    return None if token is None else token.left_s()


def _token(provider: Provider, auth: Auth) -> Token:
    with _lock:
        if (token := _held.get(auth)) is None or not token.is_fresh():
            token = _held[auth] = _got(provider, auth)
        return token


def _got(provider: Provider, auth: Auth) -> Token:
    try:
        token = run_plugin(auth) if isinstance(auth, ExecPlugin) else fetch(auth, provider.tls, provider.proxies)
    except NoCredential as error:
        who = f"$.auth.exec: {auth.command!r}" if isinstance(auth, ExecPlugin) else f"$.auth.oauth: {auth.token_url}"
        raise TargetError(f"{provider.path}: {who} {provider.secrets.mask(str(error))}") from None
    if token.value is None:
        raise TargetError(f"{provider.path}: $.auth.exec: a certificate was printed, and no token: write it into $.tls")
    return token
