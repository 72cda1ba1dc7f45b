"""How a provider's credential is got where it is none that stands in a header: the key ``auth`` of its file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ragmeter.core.errors import ConfigError
from ragmeter.core.urls import checked_url

API_VERSION: Final = "client.authentication.k8s.io/v1"
HEADER: Final = "Authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecPlugin:
    """A program that prints an ExecCredential, with the keys of a kubeconfig."""

    command: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    api_version: str = API_VERSION
    install_hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """A client with credentials of its own (RFC 6749, 4.4)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    audience: str | None = None


Auth: TypeAlias = ExecPlugin | OAuthClient


def exec_plugin_of(section: Mapping[str, Any]) -> ExecPlugin:
    """Of the section ``exec`` of a kubeconfig or a provider file. What is no such thing in it is left out."""
    listed = section.get("env") or ()
    return ExecPlugin(
        command=str(section.get("command") or ""),
        args=tuple(map(str, section.get("args") or ())),
        env=tuple((str(each["name"]), str(each["value"])) for each in listed if {"name", "value"} <= set(each)),
        api_version=str(section.get("apiVersion") or API_VERSION),
        install_hint=str(section.get("installHint") or ""),
    )


def auth_of(section: Mapping[str, Any], headers: Mapping[str, str], path: str) -> Auth:
    """Of ``auth``, which fits the schema, and whose references are resolved. Raises ConfigError."""
    if other := next((name for name in headers if name.lower() == HEADER.lower()), None):
        raise ConfigError(f"{path}: $.auth: sets the header {HEADER}, which $.headers.{other} has already")
    if "exec" in section:
        return exec_plugin_of(section["exec"])
    asked = section["oauth"]
    return OAuthClient(
        token_url=str(checked_url(asked["token_url"], f"{path}: $.auth.oauth.token_url")),
        client_id=asked["client_id"],
        client_secret=asked["client_secret"],
        scope=asked.get("scope"),
        audience=asked.get("audience"),
    )
