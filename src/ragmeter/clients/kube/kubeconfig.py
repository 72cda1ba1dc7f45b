"""What a kubeconfig has for a context, looked at before the client library uses it.

The library logs what an exec plugin says and goes on without credentials, waits for a plugin without end, and shows an
expired certificate as a broken connection. Here each is a sentence.
"""

import base64
import binascii
import importlib
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ragmeter.core.errors import ClusterError

PLUGIN_TIMEOUT_S: Final = 60.0
"""A login in a browser takes its time; a run in CI has nobody who logs in."""
SOCKS: Final = ("socks4", "socks5", "socks5h")


def checked_context(context: str) -> None:
    """Raises ClusterError where the credentials of a context cannot be got, have expired, or need what is missing."""
    found = _of_context(context)
    if found is None:
        return
    cluster, user, folder = found
    if not cluster.get("server"):
        raise ClusterError(f"Kubernetes context {context!r}: the kubeconfig has no cluster with a server for it")
    _check_proxy(context, cluster)
    _check_certificate(context, user, folder)
    if isinstance(user.get("exec"), Mapping):
        _check_plugin(context, user["exec"], folder)


def _of_context(context: str) -> tuple[Mapping[str, Any], Mapping[str, Any], Path] | None:
    """Cluster, user and folder of the file. None where the library has to say what is wrong."""
    from kubernetes.config import kube_config

    merged = kube_config.KubeConfigMerger(kube_config.KUBE_CONFIG_DEFAULT_LOCATION)
    if merged.config is None or not isinstance(merged.config.value, dict):
        return None
    parts: dict[str, Mapping[str, Any]] = {}
    for kind in ("contexts", "clusters", "users"):
        name = context if kind == "contexts" else parts["context"].get(kind.removesuffix("s"))
        listed = merged.config.value.get(kind)
        entries = listed if isinstance(listed, list) else getattr(listed, "value", [])
        each = next((_plain(at) for at in entries if _plain(at).get("name") == name), {})
        parts[kind.removesuffix("s")] = _plain(each.get(kind.removesuffix("s")) or {})
    if not parts["context"]:
        return None
    folder = Path(str(merged.paths[0])).parent if merged.paths else Path()
    return parts["cluster"], parts["user"], folder


def _plain(node: Any) -> Mapping[str, Any]:
    value = getattr(node, "value", node)
    return value if isinstance(value, Mapping) else {}


def _check_proxy(context: str, cluster: Mapping[str, Any]) -> None:
    proxy = str(cluster.get("proxy-url") or "")
    if proxy.partition("://")[0] not in SOCKS:
        return
    try:
        importlib.import_module("socks")
    except ImportError as error:
        scheme = proxy.partition("://")[0]
        raise ClusterError(
            f"Kubernetes context {context!r}: proxy-url is a {scheme}:// proxy, for which Python needs the package "
            "PySocks: pip install PySocks"
        ) from error


def _check_certificate(context: str, user: Mapping[str, Any], folder: Path) -> None:
    """Skipped where nothing can read a certificate: the server then says that it is refused."""
    try:
        from cryptography import x509
    except ImportError:
        return
    try:
        if user.get("client-certificate-data"):
            pem = base64.b64decode(str(user["client-certificate-data"]))
        elif user.get("client-certificate"):
            pem = (folder / str(user["client-certificate"])).read_bytes()
        else:
            return
        ended = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    except (ValueError, OSError, binascii.Error) as error:
        raise ClusterError(f"Kubernetes context {context!r}: its client certificate cannot be read: {error}") from error
    if ended < datetime.now(UTC):
        raise ClusterError(
            f"Kubernetes context {context!r}: its client certificate expired at {ended.isoformat()}: "
            "get a new kubeconfig"
        )


def _check_plugin(context: str, asked: Mapping[str, Any], folder: Path) -> None:
    """The library runs the plugin again, and then within this time."""
    command = [str(asked.get("command") or ""), *map(str, asked.get("args") or ())]
    added = {str(at["name"]): str(at["value"]) for at in asked.get("env") or () if {"name", "value"} <= set(at)}
    info = f'{{"apiVersion":"{asked.get("apiVersion")}","kind":"ExecCredential","spec":{{"interactive":false}}}}'
    environment = {**os.environ, **added, "KUBERNETES_EXEC_INFO": info}
    named = f"Kubernetes context {context!r}: its exec plugin {command[0]!r}"
    try:
        done = subprocess.run(  # noqa: S603 - the user's own kubeconfig names it, and every client runs it
            command,
            cwd=folder if str(folder) != "." else None,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PLUGIN_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterError(f"{named} gave no credentials within {PLUGIN_TIMEOUT_S:g} s") from error
    except OSError as error:
        hint = one_line(str(asked.get("installHint") or ""))
        raise ClusterError(f"{named} cannot be run: {error.strerror}{f'; {hint}' if hint else ''}") from error
    if done.returncode:
        words = one_line(done.stderr) or "it says nothing"
        raise ClusterError(f"{named} ended with status {done.returncode}: {words}")


def one_line(words: str) -> str:
    """What a program said, short enough for a sentence."""
    return " ".join(words.split())[:400]
