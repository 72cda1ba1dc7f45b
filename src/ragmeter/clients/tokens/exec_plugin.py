"""Programs that print a credential, as a kubeconfig names them: ExecCredential of client.authentication.k8s.io.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ragmeter.clients.tokens.token import Token
from ragmeter.core.inputs.access.auth import ExecPlugin

TIMEOUT_S: Final = 60.0
"""A login in a browser takes its time; a run in CI has nobody who logs in."""
_MOST_CHARS: Final = 400


class NoCredential(Exception):  # noqa: N818 - what happened, in words
    """There is none, and this is why."""


def run_plugin(plugin: ExecPlugin, folder: Path | None = None) -> Token:
    """Run the program, without a shell, and read what it prints. folder: where it runs; None for here.

    Raises NoCredential with the program's own words.
    """
    command = [plugin.command, *plugin.args]
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
    environment = {**os.environ, **dict(plugin.env), "KUBERNETES_EXEC_INFO": json.dumps(info)}
    try:
        done = subprocess.run(  # noqa: S603 - the user's own file names it
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoCredential(f"gave no credentials within {TIMEOUT_S:g} s") from error
    except (OSError, ValueError) as error:
        words = (error.strerror if isinstance(error, OSError) else None) or str(error)
        hint = one_line(plugin.install_hint)
        raise NoCredential(f"cannot be run: {words}{f'; {hint}' if hint else ''}") from error
    if done.returncode:
        raise NoCredential(f"ended with status {done.returncode}: {one_line(done.stderr) or 'it says nothing'}")
    return _token_of(done.stdout, plugin.api_version)


def _token_of(printed: str, api_version: str) -> Token:
    """What was printed is not repeated: it may hold the secret."""
    try:
        document = json.loads(printed)
    except (ValueError, RecursionError):
        raise NoCredential("printed no JSON; wanted is an ExecCredential") from None
    if not isinstance(document, dict) or document.get("kind") != "ExecCredential":
        raise NoCredential("printed JSON that is no ExecCredential")
    if document.get("apiVersion") != api_version:
        told = one_line(str(document.get("apiVersion")))
        raise NoCredential(f"printed an ExecCredential of apiVersion {told!r}; asked for was {api_version!r}")
    status = document.get("status")
    found = status if isinstance(status, dict) else {}
    value, certificate, key = (_text(found, name) for name in ("token", "clientCertificateData", "clientKeyData"))
    if value is None and (certificate is None or key is None):
        raise NoCredential("printed an ExecCredential with neither a token nor a certificate and its key in status")
    now, expires = datetime.now(UTC), _time(found.get("expirationTimestamp"))
    if expires is not None and expires <= now:
        raise NoCredential(f"printed a credential that expired at {expires.isoformat()}")
    return Token(value=value, certificate=certificate, key=key, got=now, expires=expires)


def _text(found: dict[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None


def _time(told: object) -> datetime | None:
    if told is None:
        return None
    try:
        at = datetime.fromisoformat(str(told))
    except ValueError:
        raise NoCredential("printed an expirationTimestamp that is no time of RFC 3339") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def one_line(words: str) -> str:
    """What a program said, short enough for a sentence."""
    return " ".join(words.split())[:_MOST_CHARS]
