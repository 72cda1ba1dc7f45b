"""What a cluster says of itself. The API server of the error paths is a fake; KUBECONFIG may name a real one."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import config

from ragmeter.clients.kube import api as kube_api
from ragmeter.clients.kube.facts import cluster_facts, image_facts, node_facts
from ragmeter.core.errors import TargetError
from tests.clients.kube_fake import VERSION
from tests.run.http_fake import Answer, serving

REGION, ZONE = "topology.kubernetes.io/region", "topology.kubernetes.io/zone"
TYPE, GPU = "node.kubernetes.io/instance-type", "nvidia.com/gpu.product"


def node(labels: dict[str, str] | None = None, allocatable: dict[str, str] | None = None) -> dict[str, Any]:
    """As the API has it: without the keys that have no value."""
    metadata = {"name": "n"} if labels is None else {"name": "n", "labels": labels}
    return {"metadata": metadata, "status": {} if allocatable is None else {"allocatable": allocatable}}


CPU = node({REGION: "us-ord", ZONE: "a", TYPE: "g6-standard-2"}, {"cpu": "2"})
ONE_GPU = node({REGION: "us-ord", ZONE: "b", TYPE: "g2-gpu", GPU: "RTX-4000-Ada"}, {"nvidia.com/gpu": "1"})
FOUR_GPUS = node({REGION: "us-ord", ZONE: "b", TYPE: "g6.12xlarge", GPU: "L4"}, {"nvidia.com/gpu": "4"})
NOTHING = {"region": None, "zone": None, "node_instance_type": None, "gpu_model": None, "gpu_count": None}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([], {**NOTHING, "node_count": 0}),
        ([node()], {**NOTHING, "node_count": 1}),
        ([node({}, {"nvidia.com/gpu": "0"})], {**NOTHING, "node_count": 1}),
        (
            [CPU, CPU],
            {**NOTHING, "region": "us-ord", "zone": "a", "node_instance_type": "g6-standard-2", "node_count": 2},
        ),
        (
            [CPU, ONE_GPU],
            {
                "region": "us-ord",
                "zone": "b, a",
                "node_instance_type": "g2-gpu, g6-standard-2",
                "gpu_model": "RTX-4000-Ada",
                "gpu_count": 1,
                "node_count": 2,
            },
        ),
        (
            [ONE_GPU, CPU, FOUR_GPUS],
            {
                "region": "us-ord",
                "zone": "b, a",
                "node_instance_type": "g6.12xlarge, g2-gpu, g6-standard-2",
                "gpu_model": "L4, RTX-4000-Ada",
                "gpu_count": 5,
                "node_count": 3,
            },
        ),
    ],
    ids=["no nodes", "nothing known", "no GPU", "alike", "GPU nodes first", "most GPUs first"],
)
def test_facts_of_nodes(nodes: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    assert node_facts(nodes) == expected


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config"
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setattr(config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    return path


def write(path: Path, server: str) -> None:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "hunter2"}}],
        "contexts": [{"name": "fake", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "fake",
    }
    path.write_text(yaml.safe_dump(document))


NODES = Answer(
    body={
        "apiVersion": "v1",
        "kind": "NodeList",
        "metadata": {},
        "items": [{"metadata": {"name": "n", "labels": {REGION: "us-ord"}}, "status": {}}],
    }
)


def test_cluster_behind_a_context_is_asked(kubeconfig: Path) -> None:
    """A fake API server; `test_real_cluster_says_what_it_is` asks a real one."""
    with serving({"/api/v1/nodes": NODES, "/version/": Answer(body=VERSION)}) as fake:
        write(kubeconfig, fake.url)
        assert cluster_facts("fake") == {
            **NOTHING,
            "region": "us-ord",
            "node_count": 1,
            "kubernetes_version": "v1.31.4",
        }
    assert fake.asked[0][1]["authorization"] == "Bearer hunter2"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=401, body={"kind": "Status", "message": "Unauthorized"}), "Unauthorized"),
        (Answer(status=403, body={"kind": "Status", "message": "nodes is forbidden"}), "nodes is forbidden"),
        (Answer(status=500, body="boom"), "Internal Server Error"),
        (Answer(status=200, body="<html>a captive portal</html>"), ""),
    ],
)
def test_api_server_that_refuses_is_one_sentence_without_the_token(
    kubeconfig: Path, answer: Answer, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube_api, "FIRST_PAUSE_S", 0.001)
    with serving({"/api/v1/nodes": answer}) as fake:
        write(kubeconfig, fake.url)
        with pytest.raises(TargetError, match=f"Kubernetes context 'fake': .*{words}") as caught:
            cluster_facts("fake")
    assert "hunter2" not in str(caught.value)


def _pods(*images: str) -> Answer:
    items = [
        {
            "metadata": {"name": "p"},
            "spec": {"containers": [{"name": "c", "image": image}]},
            "status": {"phase": "Running"},
        }
        for image in images
    ]
    return Answer(body={"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": items})


SELECTORS = {"backend": "app=b", "LLM": "app=l"}
PODS = "/api/v1/namespaces/ragmeter/pods?labelSelector=app%3D"


@pytest.mark.parametrize(
    ("backend", "llm", "expected"),
    [
        (_pods("b:1"), _pods("vllm/vllm-openai:v2"), {"backend_image_tag": "1", "vllm_image_tag": "v2"}),
        (_pods(), _pods(), {}),
        (Answer(status=403, body={"kind": "Status", "message": "pods is forbidden"}), _pods("vllm:v2"), {}),
    ],
    ids=["both", "none", "not allowed"],
)
def test_images_are_those_of_the_pods_that_may_be_listed(
    kubeconfig: Path, backend: Answer, llm: Answer, expected: dict[str, str]
) -> None:
    """A fake API server; the test of the deployed backend asks a real one."""
    with serving({f"{PODS}b": backend, f"{PODS}l": llm}) as fake:
        write(kubeconfig, fake.url)
        assert image_facts("fake", "ragmeter", SELECTORS) == expected, fake.paths


def test_api_server_that_is_not_there_is_one_sentence(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_api, "FIRST_PAUSE_S", 0.001)
    write(kubeconfig, "http://127.0.0.1:1")
    with pytest.raises(TargetError, match=r"Kubernetes context 'fake': .*refused"):
        cluster_facts("fake")


@pytest.mark.parametrize(
    "content",
    [None, "", "clusters: [", "apiVersion: v1\nkind: Config\n"],
    ids=["no file", "empty", "not YAML", "no contexts"],
)
def test_configuration_that_is_no_use_is_one_sentence(kubeconfig: Path, content: str | None) -> None:
    if content is not None:
        kubeconfig.write_text(content)
    with pytest.raises(TargetError, match=r"Kubernetes context 'fake': \w+"):
        cluster_facts("fake")


def test_unknown_context_is_named(kubeconfig: Path) -> None:
    write(kubeconfig, "http://127.0.0.1:1")
    with pytest.raises(
        TargetError, match=r"Kubernetes context 'other': the kubeconfig has no such context; known: fake"
    ):
        cluster_facts("other")


@pytest.mark.cluster
def test_real_cluster_says_what_it_is() -> None:
    _, current = config.list_kube_config_contexts()
    found = cluster_facts(current["name"])
    assert found["kubernetes_version"].startswith("v1.")
    assert found["node_count"] >= 1
