"""What identities of benchmarks and probes may do in a real cluster: each refusal is one that was tried."""

import json
from collections.abc import Iterator, Sequence

import pytest
import yaml

from tests.k8s.cluster import apply, attempt, kubectl, moved, needs_cluster, own_namespace
from tests.k8s.manifests import Manifest, benchmark
from tests.k8s.real.probers import prober

pytestmark = needs_cluster

POD: Manifest = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "intruder"},
    "spec": {"containers": [{"name": "c", "image": "none"}]},
}
BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "more"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
    "subjects": [{"kind": "ServiceAccount", "name": "rag-benchmark"}],
}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "benchmark"},
    "spec": {"template": {"spec": {"restartPolicy": "Never", **POD["spec"]}}},
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "probe"},
    "spec": {"ports": [{"port": 1}]},
}


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    """One of its own: others expect an empty one."""
    with own_namespace() as name:
        yield name


@pytest.fixture(scope="module")
def accounts(namespace: str) -> Iterator[dict[str, str]]:
    """User names of the pods of a benchmark, of a pipeline that starts them, and of one that probes."""
    apply(moved([*benchmark("access"), *benchmark("launcher")], namespace))
    apply([{**CONFIG, "metadata": {"name": "settings", "namespace": namespace}}])
    prefix = f"system:serviceaccount:{namespace}:"
    with prober(namespace) as name:
        yield {"pod": f"{prefix}rag-benchmark", "launcher": f"{prefix}rag-benchmark-launcher", "prober": name}


def tried(namespace: str, user: str, arguments: Sequence[str], document: Manifest | None) -> str:
    """`done`, or what the API server said."""
    stdin = None if document is None else json.dumps(document)
    done = attempt("-n", namespace, f"--as={user}", *arguments, stdin=stdin)
    return "done" if done.returncode == 0 else done.stderr


ALLOWED: list[tuple[str, list[str], Manifest | None]] = [
    ("pod", ["create", "--dry-run=server", "-f", "-"], CONFIG | {"metadata": {"name": "result"}}),
    ("pod", ["get", "configmap", "settings"], None),
    ("launcher", ["create", "--dry-run=server", "-f", "-"], JOB),
    ("launcher", ["create", "--dry-run=server", "-f", "-"], CONFIG | {"metadata": {"name": "order"}}),
    ("launcher", ["get", "jobs,pods,configmaps"], None),
    ("launcher", ["get", "serviceaccount", "rag-benchmark"], None),
    ("prober", ["create", "--dry-run=server", "-f", "-"], JOB),
    ("prober", ["create", "--dry-run=server", "-f", "-"], SERVICE),
    ("prober", ["get", "jobs,services,pods,events,configmaps"], None),
    ("prober", ["get", "nodes"], None),
]

REFUSED: list[tuple[str, list[str], Manifest | None]] = [
    ("pod", ["delete", "configmap", "settings"], None),
    ("pod", ["patch", "configmap", "settings", "-p", '{"data": {"a": "c"}}'], None),
    ("pod", ["get", "secrets"], None),
    ("pod", ["get", "pods"], None),
    ("pod", ["create", "-f", "-"], JOB),
    ("pod", ["create", "-f", "-"], POD),
    ("pod", ["get", "nodes"], None),
    ("pod", ["get", "configmaps", "-n", "kube-system"], None),
    ("launcher", ["get", "secrets"], None),
    ("launcher", ["create", "secret", "generic", "stolen", "--from-literal=a=b"], None),
    ("launcher", ["create", "-f", "-"], POD),
    ("launcher", ["create", "-f", "-"], BINDING),
    ("launcher", ["patch", "configmap", "settings", "-p", '{"data": {"a": "c"}}'], None),
    ("launcher", ["delete", "pod", "any"], None),
    ("launcher", ["get", "serviceaccount", "default"], None),
    ("launcher", ["delete", "serviceaccount", "rag-benchmark"], None),
    ("launcher", ["get", "deployments"], None),
    ("launcher", ["get", "jobs", "-n", "kube-system"], None),
    ("launcher", ["get", "nodes"], None),
    ("launcher", ["delete", "namespace", "default", "--dry-run=server"], None),
    ("prober", ["get", "secrets"], None),
    ("prober", ["create", "-f", "-"], POD),
    ("prober", ["create", "-f", "-"], CONFIG),
    ("prober", ["create", "-f", "-"], BINDING),
    ("prober", ["create", "namespace", "another"], None),
    ("prober", ["delete", "pod", "any"], None),
    ("prober", ["delete", "service", "any"], None),
    ("prober", ["delete", "configmap", "settings"], None),
    ("prober", ["delete", "node", "any", "--dry-run=server"], None),
    ("prober", ["get", "node", "any"], None),
    ("prober", ["patch", "node", "any", "-p", '{"spec": {"unschedulable": true}}'], None),
    ("prober", ["get", "pods", "-n", "kube-system"], None),
    ("prober", ["create", "-n", "default", "-f", "-"], JOB),
]


def name(case: object) -> str:
    if isinstance(case, dict):
        return str(case["kind"])
    return " ".join(case) if isinstance(case, list) else str(case)


@pytest.mark.parametrize(("who", "arguments", "document"), ALLOWED, ids=name)
def test_what_a_benchmark_needs_is_allowed(
    who: str, arguments: list[str], document: Manifest | None, accounts: dict[str, str], namespace: str
) -> None:
    assert tried(namespace, accounts[who], arguments, document) == "done"


@pytest.mark.parametrize(("who", "arguments", "document"), REFUSED, ids=name)
def test_everything_else_is_refused(
    who: str, arguments: list[str], document: Manifest | None, accounts: dict[str, str], namespace: str
) -> None:
    said = tried(namespace, accounts[who], arguments, document)
    assert "forbidden" in said.lower(), said


def test_what_was_refused_left_everything_as_it_was(accounts: dict[str, str], namespace: str) -> None:
    settings = yaml.safe_load(kubectl("-n", namespace, "get", "configmap", "settings", "-o", "yaml"))
    assert settings["data"] == CONFIG["data"]
    assert kubectl("-n", namespace, "get", "pods,jobs", "-o", "name") == ""
