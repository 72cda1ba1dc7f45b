"""How httpx reaches a service, for calls in which the clock does not matter: the way that the load takes."""

from collections.abc import Sequence
from typing import Any

import httpx

from ragmeter.clients.connection.tls_files import HTTP_1, tls_context
from ragmeter.core.inputs.access.proxy import AUTHORIZATION, DIRECT, Proxies
from ragmeter.core.inputs.access.tls import OF_THE_SYSTEM, TlsFiles


def reaching(
    url: str, *, tls: TlsFiles = OF_THE_SYSTEM, proxies: Proxies = DIRECT, protocols: Sequence[str] = HTTP_1
) -> dict[str, Any]:
    """Arguments of a client of httpx. protocols: those that may be spoken; without TLS, h2 only where it stands alone.

    Neither variables of the environment nor a .netrc are obeyed. Raises ConfigError for a bad file of TLS.
    """
    needs_tls = url.startswith("https://") or tls != OF_THE_SYSTEM  # a file is checked even where it is not needed
    via = proxies.to(url)
    known = {} if via is None or via.authorization is None else {AUTHORIZATION: via.authorization}
    return {
        "verify": tls_context(tls, protocols) if needs_tls else False,
        "http1": "http/1.1" in protocols,
        "http2": "h2" in protocols,
        "trust_env": False,
        "proxy": None if via is None else httpx.Proxy(str(via), headers=known),
    }
