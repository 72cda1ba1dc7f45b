"""Calls of the Kubernetes API over the official client: plain JSON in and out, and each failure one sentence.

They block: a server of requests runs them in a thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubernetes import client, config
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ragmeter.jobs.names import minor_version

from ..errors import (
    ConfigurationError,
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeGoneError,
    KubeThrottledError,
    KubeTimeoutError,
    KubeUnreachableError,
)

Document = dict[str, Any]

_TIMEOUT_S = 10.0
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Kube:
    """The objects of one namespace that belong to benchmarks."""

    def __init__(self, api: client.ApiClient, namespace: str) -> None:
        self.namespace = namespace
        self._version = client.VersionApi(api)
        self._core = client.CoreV1Api(api)
        self._batch = client.BatchV1Api(api)

    def minor_version(self) -> int:
        return minor_version(self._json("get", "version", self._version.get_code))

    def service_account(self, name: str) -> Document:
        return self._json("get", "serviceaccounts", self._core.read_namespaced_service_account, name, self.namespace)

    def create_config_map(self, body: Document) -> Document:
        return self._json("create", "configmaps", self._core.create_namespaced_config_map, self.namespace, body)

    def config_maps(self, labels: str) -> list[Document]:
        return self._list("configmaps", self._core.list_namespaced_config_map, labels)

    def config_map_data(self, name: str) -> dict[str, str]:
        """Its keys with their texts; none when there is no such ConfigMap.

        Listed by its name: that needs no permission beside those that runs need anyhow.
        """
        selector = {"field_selector": f"metadata.name={name}"}
        listed = self._json("list", "configmaps", self._core.list_namespaced_config_map, self.namespace, **selector)
        return {key: text for item in listed["items"] for key, text in (item.get("data") or {}).items()}

    def delete_config_map(self, name: str) -> None:
        """What it owns goes with it, in the background."""
        background = {"propagation_policy": "Background"}
        self._json("delete", "configmaps", self._core.delete_namespaced_config_map, name, self.namespace, **background)

    def create_job(self, body: Document) -> Document:
        return self._json("create", "jobs.batch", self._batch.create_namespaced_job, self.namespace, body)

    def jobs(self, labels: str) -> list[Document]:
        return self._list("jobs.batch", self._batch.list_namespaced_job, labels)

    def delete_job(self, name: str) -> None:
        """Its pods are told to stop."""
        background = {"propagation_policy": "Background"}
        self._json("delete", "jobs.batch", self._batch.delete_namespaced_job, name, self.namespace, **background)

    def pods(self, labels: str) -> list[Document]:
        return self._list("pods", self._core.list_namespaced_pod, labels)

    def log(self, pod: str, *, tail_lines: int, limit_bytes: int) -> str:
        limits = {"tail_lines": tail_lines, "limit_bytes": limit_bytes}
        data = self._bytes("get", "pods/log", self._core.read_namespaced_pod_log, pod, self.namespace, **limits)
        return data.decode("utf-8", "replace")

    def _list(self, resource: str, method: Callable[..., Any], labels: str) -> list[Document]:
        items: list[Document] = self._json("list", resource, method, self.namespace, label_selector=labels)["items"]
        return items

    def _json(self, verb: str, resource: str, method: Callable[..., Any], *arguments: Any, **options: Any) -> Document:
        data = self._bytes(verb, resource, method, *arguments, **options)
        try:
            document: Document = json.loads(data)
        except ValueError as error:
            raise KubeError(
                f"the answer of the Kubernetes API to {verb} {resource} is not JSON: {data[:60]!r}"
            ) from error
        return document

    def _bytes(self, verb: str, resource: str, method: Callable[..., Any], *arguments: Any, **options: Any) -> bytes:
        what = f"{verb} {resource} in the namespace {self.namespace}"
        try:
            response = method(*arguments, _preload_content=False, _request_timeout=_TIMEOUT_S, **options)
            data: bytes = response.data
        except client.ApiException as error:
            raise _refusal(error, what) from error
        except ReadTimeoutError as error:
            raise KubeTimeoutError(f"the Kubernetes API did not answer in {_TIMEOUT_S:g} s to {what}") from error
        except HTTPError as error:
            raise KubeUnreachableError(f"the Kubernetes API cannot be reached to {what}: {error}") from error
        return data


def in_cluster(namespace: str | None) -> Kube:
    """With the token of this pod's service account, in `namespace` or that of the pod. Raises ConfigurationError."""
    configuration = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
        own = namespace or (_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    except (config.ConfigException, OSError) as error:
        raise ConfigurationError(f"BENCH_IMAGE is set, but this is no pod that may ask the cluster: {error}") from error
    return connect(configuration, own)


def connect(configuration: client.Configuration, namespace: str) -> Kube:
    # A call that may have been done must not be done twice unasked.
    configuration.retries = False
    return Kube(client.ApiClient(configuration), namespace)


def _refusal(error: client.ApiException, what: str) -> KubeError:
    said = _message(error)
    if error.status == 401:
        return KubeForbiddenError(
            f"the Kubernetes API does not take the token of the backend's service account ({said})"
        )
    if error.status == 403:
        return KubeForbiddenError(f"the backend's service account may not {what}: apply k8s/benchmark/access ({said})")
    if error.status == 429:
        return KubeThrottledError(f"the Kubernetes API has too much to do to {what}: try again")
    sentence = f"the Kubernetes API answered HTTP {error.status} to {what}: {said}"
    if error.status in {404, 410}:
        return KubeGoneError(sentence)
    return KubeConflictError(sentence) if error.status == 409 else KubeError(sentence)


def _message(error: client.ApiException) -> str:
    """What a Status says; else the reason phrase."""
    try:
        said = json.loads(error.body or "")["message"]
    except (ValueError, KeyError, TypeError):
        said = error.reason
    return str(said)[:300]
