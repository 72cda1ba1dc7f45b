"""The API of one cluster, in one namespace: JSON documents in and out, and every refusal as a sentence."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from ragmeter.clients.kube.kubeconfig import client_of
from ragmeter.clients.tokens.exec_plugin import one_line
from ragmeter.core.errors import ClusterError
from ragmeter.jobs.names import minor_version

CALL_TIMEOUT_S = 10
TRIES = 5
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT = 401, 403, 404, 409
TRANSIENT: Final = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same call may succeed. 410 answers watches and paged lists; there are none here."""

Document = dict[str, Any]

_KINDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "ConfigMap": ("CoreV1Api", "namespaced_config_map", "configmaps"),
    "DaemonSet": ("AppsV1Api", "namespaced_daemon_set", "daemonsets.apps"),
    "Event": ("CoreV1Api", "namespaced_event", "events"),
    "Job": ("BatchV1Api", "namespaced_job", "jobs.batch"),
    "Namespace": ("CoreV1Api", "namespace", "namespaces"),
    "Node": ("CoreV1Api", "node", "nodes"),
    "Pod": ("CoreV1Api", "namespaced_pod", "pods"),
    "Secret": ("CoreV1Api", "namespaced_secret", "secrets"),
    "Service": ("CoreV1Api", "namespaced_service", "services"),
    "Version": ("VersionApi", "code", "version"),
    "ServiceAccount": ("CoreV1Api", "namespaced_service_account", "serviceaccounts"),
}
"""Kind: class of the official client, the noun in its method names, the resource as RBAC names it."""

_UNREADABLE: Final = (ValueError, TypeError, AttributeError, LookupError, ImportError, RecursionError)
"""What the client library raises for a kubeconfig that is no kubeconfig, beside what it says on purpose."""


@contextmanager
def connected(context: str | None, namespace: str) -> Iterator["Cluster"]:
    """The cluster behind a kubeconfig context; without one, the cluster that this pod runs in.

    Raises ClusterError for a configuration that is no use.
    """
    import yaml
    from kubernetes import client, config

    named = "the service account of this pod" if context is None else f"context {context!r}"
    try:
        if context is None:
            config.load_incluster_config()
        api = client.ApiClient() if context is None else client_of(context)
    except (config.ConfigException, yaml.YAMLError, OSError, *_UNREADABLE) as error:
        raise ClusterError(f"Kubernetes {named}: {_known_contexts(context) or one_line(str(error))}") from error
    with api:
        yield Cluster(named=named, namespace=namespace, api=api)


def _known_contexts(context: str | None) -> str | None:
    """A sentence for one that the kubeconfig does not have; None where something else is wrong with it."""
    import yaml
    from kubernetes import config

    try:
        names = [str(each["name"]) for each in config.list_kube_config_contexts()[0]]
    except (config.ConfigException, yaml.YAMLError, OSError, *_UNREADABLE):
        return None
    return None if context in (None, *names) else f"the kubeconfig has no such context; known: {', '.join(names)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Each method raises ClusterError, which says who asked for what, and what the server answered."""

    named: str
    namespace: str
    api: Any

    def create(self, document: Document) -> Document:
        """The object as the server made it. One that exists already is an error, unless a lost answer hid our own."""
        kind, name = document["kind"], document["metadata"]["name"]
        place = () if kind == "Namespace" else (self.namespace,)
        method = self._method("create", kind)
        made: Document | None = self._call("create", kind, name, lambda: method(*place, document, **_LIMIT))
        if made is None:
            raise ClusterError(f"Kubernetes {self.named}: there is no namespace {self.namespace!r}")
        return made

    def get(self, kind: str, name: str) -> Document | None:
        """None when there is no such object."""
        place = () if kind == "Namespace" else (self.namespace,)
        method = self._method("read", kind)
        found: Document | None = self._call("get", kind, name, lambda: method(name, *place, **_LIMIT))
        return found

    def list(self, kind: str, *, selector: str = "", fields: str = "") -> list[Document]:
        """Those whose labels and fields fit the selectors."""
        place = () if kind == "Node" else (self.namespace,)
        selectors = {"label_selector": selector, "field_selector": fields}
        chosen = {key: text for key, text in selectors.items() if text}
        found = self._call("list", kind, "", lambda: self._method("list", kind)(*place, **chosen, **_LIMIT))
        items: list[Document] = (found or {}).get("items") or []
        return items

    def delete(self, document: Document) -> None:
        """Delete this very object (by its uid); the cluster then removes what it owns. One that is gone is no error."""
        kind, named = document["kind"], document["metadata"]
        place = () if kind == "Namespace" else (self.namespace,)
        body = {"preconditions": {"uid": named["uid"]}, "propagationPolicy": "Background"}
        method = self._method("delete", kind)
        self._call("delete", kind, named["name"], lambda: method(named["name"], *place, body=body, **_LIMIT))

    def version(self) -> Document:
        """``gitVersion`` and the parts of it."""
        from kubernetes import client

        said: Document = self._call("get", "Version", "", lambda: client.VersionApi(self.api).get_code(**_LIMIT))
        return said

    def minor_version(self) -> int:
        return minor_version(self.version())

    def pod_log(self, name: str, *, lines: int) -> str:
        """The last lines that a pod wrote: for people, never to be parsed. Empty when there are none."""
        read = self._method("read", "Pod", "_log")
        said = self._call("get", "Pod", name, lambda: read(name, self.namespace, tail_lines=lines, **_LIMIT))
        return str(said or "")

    def _method(self, verb: str, kind: str, part: str = "") -> Callable[..., Any]:
        from kubernetes import client

        owner, noun, _ = _KINDS[kind]
        method: Callable[..., Any] = getattr(getattr(client, owner)(self.api), f"{verb}_{noun}{part}")
        return method

    def _call(self, verb: str, kind: str, name: str, ask: Callable[[], Any]) -> Any:
        """The answer in JSON; None for what is not there. Tries again what may succeed then."""
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        pause_s, asked = FIRST_PAUSE_S, self._asked(verb, kind, name)
        for attempt in range(1, TRIES + 1):
            try:
                return self.api.sanitize_for_serialization(ask())
            except ApiException as error:
                if error.status == NOT_FOUND:
                    return None
                if error.status == CONFLICT and verb == "create" and attempt > 1:
                    return self.get(kind, name)
                if error.status not in TRANSIENT or attempt == TRIES:
                    raise ClusterError(f"{asked}: {_answer(error)}", error.status) from error
                pause_s = _asked_pause_s(error) or pause_s
            except (HTTPError, ValueError) as error:
                if attempt == TRIES or not isinstance(error, HTTPError):
                    raise ClusterError(f"{asked}: {one_line(str(error))}") from error
            time.sleep(min(pause_s, LONGEST_PAUSE_S))
            pause_s *= 2
        raise AssertionError("unreachable: the last try returns or raises")

    def _asked(self, verb: str, kind: str, name: str) -> str:
        where = "" if kind in {"Node", "Namespace"} else f" in namespace {self.namespace!r}"
        return f"Kubernetes {self.named}: cannot {verb} {_KINDS[kind][2]}{f' {name}' if name else ''}{where}"


_LIMIT: Final = {"_request_timeout": CALL_TIMEOUT_S}


def _answer(error: Any) -> str:
    """What the server said, and what a person can do about it."""
    try:
        said = json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        said = error.reason or error.body
    hints = {
        UNAUTHORIZED: "; the credentials are refused: they may have expired",
        FORBIDDEN: "; ask for that verb on that resource, or for a change of the policy that is named",
    }
    return f"HTTP {error.status}: {one_line(str(said))}{hints.get(error.status, '')}"


def _asked_pause_s(error: Any) -> float | None:
    """Retry-After of the server, if it asks for one."""
    asked = (error.headers or {}).get("Retry-After", "")
    return float(asked) if asked.isdecimal() else None
