"""What a pod gets of an operator's provider file: all that describes, prices and judges, without how to reach it.

Pods send their load to BENCH_TARGET_URL, so addresses, secret headers and kubeconfig contexts, which are for clients
outside the cluster, stay where they are.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ..errors import BadRequestError
from .manifests import Document

FOR_CLIENTS_OUTSIDE = (
    "base_url",
    "headers",
    "ca_file",
    "tls",
    "auth",
    "http2",
    "proxy",
    "kube_context",
    "kube_namespace",
    "local",
)

_ADDRESSES = {"llm_url": "", "trace_url": "{trace_id}"}
"""Those that pods get, with what has to stand in them."""
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def carried_provider(document: Document, where: str) -> Document:
    """With the defaults of its references to the environment. Raises BadRequestError for one without a default."""
    kept = {key: value for key, value in document.items() if key not in FOR_CLIENTS_OUTSIDE}
    carried: Document = _resolved(kept, where, "$")
    for key, marker in _ADDRESSES.items():
        _check_address(carried.get(key), marker, f"{where}: $.{key}")
    return carried


def _check_address(url: Any, marker: str, where: str) -> None:
    """What is no text at all the schema refuses. An address with credentials is not repeated."""
    if not isinstance(url, str) or not url:
        return
    try:
        parts = urlsplit(url)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise BadRequestError(f"{where}: no http or https URL: {error}") from error
    if parts.username is not None:
        raise BadRequestError(f"{where}: a URL with credentials is not allowed: it stands in every report")
    if not named or marker not in url:
        raise BadRequestError(f"{where}: {url[:80]!r} is no http or https URL{f' with {marker}' if marker else ''}")


def _resolved(value: Any, where: str, at: str) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(each, where, f"{at}.{key}") for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, where, f"{at}[{index}]") for index, each in enumerate(value)]
    return _REFERENCE.sub(lambda found: _default(found, where, at), value) if isinstance(value, str) else value


def _default(found: re.Match[str], where: str, at: str) -> str:
    name, default = found.groups()
    if default is None:
        raise BadRequestError(f"{where}: {at}: a pod has no variable {name}: write its value, or ${{{name}:-default}}")
    return str(default)
