"""What a service is asked: method, path, headers and body of a description, made of a request's values."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.headers import is_header_name
from ragmeter.core.inputs.targets.template import (
    PLACEHOLDERS,
    SETTABLE,
    Values,
    percent_encoded,
    placeholders_in,
    template_of,
    text_of,
)

OF_THE_PATH: Final = ("model", "k", "docset")
"""Placeholders that a path may have beside values: those that are the same for every request."""
_OWN_HEADERS: Final = ("host", "content-length", "transfer-encoding", "connection", "accept-encoding", "upgrade", "te")
_SECRET = re.compile(
    r"authorization|cookie|secret|passw|credential|signature|(^|[-_])(token|(api|subscription|access)[-_]?key)($|[-_])|^key$"
)
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request without its server."""

    method: str
    path: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A compiled description of requests. uses: the placeholders that it has."""

    method: str
    headers: Headers
    uses: frozenset[str]
    _path: Callable[[Values], str]
    _query: tuple[tuple[str, Callable[[Values], str], str | None], ...]
    _body: Callable[[Values], Any] | None
    _values: Mapping[str, Any]
    _where: str

    def request(self, values: Values) -> Asked:
        """values: by the names of `PLACEHOLDERS`. Raises ConfigError for a path that leads elsewhere."""
        known = {**self._values, **values}
        path = self._path(known)
        check_path(path, f"{self._where}.path")
        query = "&".join(
            f"{percent_encoded(name)}={percent_encoded(made(known))}"
            for name, made, alone in self._query
            if alone is None or known.get(alone) is not None
        )
        body = b"" if self._body is None else _json(self._body(known)).encode()
        return Asked(method=self.method, path=f"{path}?{query}" if query else path, headers=self.headers, body=body)


def asking_of(document: Mapping[str, Any], where: str, *, is_preset: bool = False) -> Asking:
    """Of a whole description that fits the schema. is_preset: values may be left to those who use it. Raises
    ConfigError for what cannot be sent.
    """
    values = document.get("values", {})
    for name in values:
        if name in PLACEHOLDERS and name not in SETTABLE:
            raise ConfigError(f"{where}.values.{name}: is a placeholder of every request; give it another name")
    own = [name for name in values if name not in SETTABLE]
    known, fixed = (*PLACEHOLDERS, *own), (*OF_THE_PATH, *own)
    method, body = document.get("method", "POST"), document.get("body")
    check_path(document["path"], f"{where}.path")
    _check_body(body, method, where)
    query = document.get("query", {})
    for name in query:
        _check_secret(name, f"{where}.query")
    asking = Asking(
        method=method,
        headers=_headers(document, where),
        uses=frozenset(placeholders_in([document["path"], query, body])),
        _path=text_of(document["path"], fixed, f"{where}.path", escape=percent_encoded),
        _query=tuple(_parameter(name, value, known, f"{where}.query.{name}") for name, value in query.items()),
        _body=None if body is None else template_of(body, known, f"{where}.body"),
        _values={name: value for name, value in values.items() if value is not None},
        _where=where,
    )
    if "prompt" not in asking.uses and "messages" not in asking.uses:
        raise ConfigError(f"{where}.body: has neither {{prompt}} nor {{messages}}: no question would be asked")
    if not is_preset and (missing := [name for name in sorted(asking.uses) if name in own and values[name] is None]):
        raise ConfigError(f"{where}.values.{missing[0]}: missing: the target needs it")
    return asking


def check_path(path: str, where: str) -> None:
    """Raise ConfigError for a path with traversal, or with what belongs to another part of a URL."""
    plain = unquote(unquote(path))
    if any(part in {".", ".."} for part in re.split(r"[/\\]", plain)) or path.startswith("//"):
        raise ConfigError(f"{where}: {path!r}: a path has no part '.', '..' or empty first part")
    if any(mark in path for mark in "?#\\"):
        raise ConfigError(f"{where}: {path!r}: a path has no ?, # or \\; parameters stand in query")


def _parameter(
    name: str, value: Any, known: Collection[str], where: str
) -> tuple[str, Callable[[Values], str], str | None]:
    """Its name, what makes its text, and the placeholder without whose value it is left out."""
    text = value if isinstance(value, str) else json.dumps(value)
    used = placeholders_in(text)
    alone = next(iter(used)) if used and text == f"{{{next(iter(used))}}}" else None
    return name, text_of(text, known, where), alone


def _headers(document: Mapping[str, Any], where: str) -> Headers:
    framing = document.get("answer", {}).get("framing", "sse")
    headers = {"content-type": "application/json"} if "body" in document else {}
    headers["accept"] = "text/event-stream" if framing == "sse" else "*/*"
    for name, value in document.get("headers", {}).items():
        _check_header(name, value, f"{where}.headers")
        headers[name.lower()] = value
    return tuple(headers.items())


def _check_header(name: str, value: str, where: str) -> None:
    if not is_header_name(name):
        raise ConfigError(f"{where}: {name!r} is not a header name")
    if name.lower() in _OWN_HEADERS:
        raise ConfigError(f"{where}.{name}: is set by the client; not allowed: {', '.join(_OWN_HEADERS)}")
    _check_secret(name, where)
    if not value.isascii() or any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ConfigError(f"{where}.{name}: the value has a character that is not printable ASCII")


def _check_secret(name: str, where: str) -> None:
    """A description stands in every result; the value is not repeated."""
    if _SECRET.search(name.lower()):
        raise ConfigError(
            f"{where}.{name}: the name says that it is a secret, and a description stands in every result; "
            "write it in $.headers of the provider file"
        )


def _check_body(body: Any, method: str, where: str) -> None:
    if body is not None and method == "GET":
        raise ConfigError(f"{where}.body: has no meaning with method GET; write the prompt in query")
    if body is None and method != "GET":
        raise ConfigError(f"{where}.body: missing with method {method}: a template such as {{question: '{{prompt}}'}}")
    _check_keys(body, f"{where}.body")
    try:
        _json(body)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}.body: renders no valid JSON: {error}") from error


def _check_keys(value: Any, where: str) -> None:
    """YAML has keys that JSON does not have, such as numbers and true, which yes and on are."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ConfigError(f"{where}: the key {key!r} is no text, which JSON needs; write it in quotation marks")
            _check_keys(item, f"{where}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _check_keys(item, f"{where}[{number}]")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
