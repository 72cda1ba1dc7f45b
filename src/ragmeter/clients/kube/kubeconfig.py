"""A client of a kubeconfig's context, which is looked at before the client library uses it.

The library logs what an exec plugin says and goes on without credentials, waits for a plugin without end, and shows an
expired certificate as a broken connection. Here each is a sentence, and the plugin is run by us alone.
"""

import base64
import binascii
import importlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from ragmeter.clients.tokens.exec_plugin import NoCredential, run_plugin
from ragmeter.clients.tokens.token import Token
from ragmeter.core.errors import ClusterError
from ragmeter.core.inputs.access.auth import ExecPlugin, exec_plugin_of

SOCKS: Final = ("socks4", "socks5", "socks5h")


def client_of(context: str) -> Any:
    """A client of the library for a context. Raises ClusterError where the credentials of it cannot be got, have
    expired, or need what is missing, and what the library raises.
    """
    from kubernetes import config

    found = _of_context(context)
    if found is None:
        return config.new_client_from_config(context=context)
    cluster, user, folder = found
    if not cluster.get("server"):
        raise ClusterError(f"Kubernetes context {context!r}: the kubeconfig has no cluster with a server for it")
    _check_proxy(context, cluster)
    _check_certificate(context, user, folder)
    if not isinstance(user.get("exec"), Mapping):
        return config.new_client_from_config(context=context)
    plugin = exec_plugin_of(user["exec"])
    credential = _credential(context, plugin, folder)
    client = _client_with(credential, cluster, user, folder)
    if credential.value is not None:
        again = partial(_credential, context, plugin, folder)
        client.configuration.refresh_api_key_hook = _renewed(again, credential)
    return client


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


def _client_with(credential: Token, cluster: Mapping[str, Any], user: Mapping[str, Any], folder: Path) -> Any:
    """A client of the library that has the credential and does not look for one. The files are relative to the
    kubeconfig.
    """
    from kubernetes import config

    own: dict[str, Any] = {key: value for key, value in user.items() if key != "exec"}
    if credential.value is not None:
        own["token"] = credential.value
    if credential.certificate is not None and credential.key is not None:
        own["client-certificate-data"] = base64.b64encode(credential.certificate.encode()).decode()
        own["client-key-data"] = base64.b64encode(credential.key.encode()).decode()
    document = {
        "current-context": _ALONE,
        "clusters": [{"name": _ALONE, "cluster": _placed(cluster, folder)}],
        "users": [{"name": _ALONE, "user": _placed(own, folder)}],
        "contexts": [{"name": _ALONE, "context": {"cluster": _ALONE, "user": _ALONE}}],
    }
    return config.new_client_from_config_dict(document, context=_ALONE, persist_config=False)


def _placed(section: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    files = {key: str(folder / str(section[key])) for key in _FILES if section.get(key)}
    return {**section, **files}


_ALONE: Final = "alone"
_FILES: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def _renewed(plugin: Callable[[], Token], first: Token) -> Callable[[Any], None]:
    """What the library calls before each request: the token is got anew before it expires."""
    held = [first]

    def renew(configuration: Any) -> None:
        if not held[0].is_fresh():
            held[0] = plugin()
            # Its only key, whose name differs between versions of the library.
            configuration.api_key.update(dict.fromkeys(configuration.api_key, f"Bearer {held[0].value}"))

    return renew


def _credential(context: str, plugin: ExecPlugin, folder: Path) -> Token:
    try:
        return run_plugin(plugin, folder if str(folder) != "." else None)
    except NoCredential as error:
        raise ClusterError(f"Kubernetes context {context!r}: its exec plugin {plugin.command!r} {error}") from None
