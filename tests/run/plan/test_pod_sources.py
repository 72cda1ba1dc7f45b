"""Pages of pods through an API server: a fake of it here; `tests/k8s/real` asks a real one."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from kubernetes import config

from ragmeter.clients.files import schema
from ragmeter.core.errors import ClusterError, ConfigError, SchemaError
from ragmeter.core.figures.observe.records import Span
from ragmeter.core.inputs.access.observed import PodPages
from ragmeter.core.inputs.provider import Provider, provider_from
from ragmeter.core.inputs.workload import workload_from
from ragmeter.core.requests.records import Phase
from ragmeter.report.words.service.serving import _place
from ragmeter.run.plan.metrics_sources import FoundSources, metrics_sources
from ragmeter.run.processes.observing import Observation, Observer
from tests.run.http_fake import Answer, Fake, serving

PODS = {"pods": "app=vllm", "port": 8000}
LISTED = "/api/v1/namespaces/rag/pods?labelSelector=app%3Dvllm"


def pod(name: str, ready: str = "True") -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def listed(*pods: dict[str, Any]) -> dict[str, Answer]:
    return {LISTED: Answer(body={"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": list(pods)})}


def page(name: str, running: int, port: int = 8000) -> dict[str, Answer]:
    place = f"/api/v1/namespaces/rag/pods/{name}:{port}/proxy/metrics"
    return {place: Answer(body=f"vllm:num_requests_running {running}\n")}


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config"
    monkeypatch.setattr(config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    return path


def write(path: Path, server: str, **cluster: Any) -> None:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": {"token": "s3cret-token"}}],
        "contexts": [{"name": "fake", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(yaml.safe_dump(document))


def provider(observe: Any, **keys: Any) -> Provider:
    document = {"schema": "provider.v1", "name": "mine", "base_url": "http://127.0.0.1:1", "observe": observe}
    document |= {"kube_context": "fake", "kube_namespace": "rag", **keys}
    kept = {key: value for key, value in document.items() if value is not None}
    return provider_from(kept, path="mine.yaml", environment={}, base_url=None, schema=schema("provider.v1"))


def found(observe: Any) -> FoundSources:
    load = {"requests": 1, "concurrency": 1}
    document = {"schema": "workload.v1", "name": "w", "target": "openai", "benchmark": load, "prompts": ["why?"]}
    document |= {"model": {"model_id": "m"}}
    workload = workload_from(document, path="w.yaml", prompts=(), settings=(), schema=schema("workload.v1"))
    return metrics_sources(provider(observe), workload)


def paths(at: FoundSources) -> list[str]:
    return [urlsplit(source.url).path for source in at.sources]


def test_each_ready_pod_is_a_source_of_its_own_beside_pages_that_are_named(kubeconfig: Path) -> None:
    answers = listed(pod("vllm-1"), pod("vllm-0"), pod("vllm-2", "False")) | page("vllm-0", 3) | page("vllm-1", 4)
    with serving(answers) as fake:
        write(kubeconfig, fake.url)
        at = found([PODS, f"{fake.url}/other"])
        assert paths(at) == [*page("vllm-0", 3), *page("vllm-1", 4), "/other"]
        assert "s3cret-token" not in repr(at)
        asked = dict(fake.asked)
        assert asked[paths(at)[0]]["authorization"] == "Bearer s3cret-token"
        assert "authorization" not in asked["/other"]


def test_they_are_read_by_the_observing_process_and_one_that_goes_leaves_a_gap(kubeconfig: Path) -> None:
    answers = listed(pod("vllm-0"), pod("vllm-1")) | page("vllm-0", 3)
    with serving(answers) as fake, Observer() as observer:
        write(kubeconfig, fake.url)
        at = found([PODS])
        assert len(at.notes) == 1, "vllm-1 does not answer, and stays"
        watching = Observation(observer, at.sources, 0)
        read, gone = asyncio.run(watching.begin(Span(phase=Phase.MEASURED)))
        watching.drop()
    assert [sample.value for sample in read.samples] == [3]
    assert (gone.samples, gone.failure) == ((), "HTTP 404")
    assert _place(read.source) == "rag/vllm-0:8000"


def test_another_namespace_port_and_path(kubeconfig: Path) -> None:
    place = "/api/v1/namespaces/llm/pods?labelSelector=app%3Dvllm"
    answers = {place: listed(pod("a"))[LISTED]}
    with serving(answers) as fake:
        write(kubeconfig, fake.url)
        asked = {**PODS, "namespace": "llm", "port": 9, "path": "/v1/metrics"}
        assert paths(found([asked])) == ["/api/v1/namespaces/llm/pods/a:9/proxy/v1/metrics"]


@pytest.mark.parametrize(
    ("pods", "words"),
    [([], "app=vllm: no pod fits"), ([pod("a", "False"), pod("b", "False")], "2 pods fit, and none is ready")],
)
def test_no_ready_pod_is_said_before_any_load(kubeconfig: Path, pods: list[dict[str, Any]], words: str) -> None:
    with serving(listed(*pods)) as fake:
        write(kubeconfig, fake.url)
        with pytest.raises(ClusterError, match=rf"context 'fake': namespace 'rag': .*{words}"):
            found([PODS])


def test_a_token_goes_to_no_server_that_nobody_checked(kubeconfig: Path) -> None:
    def refused(fake: Fake, words: str, **cluster: Any) -> None:
        write(kubeconfig, fake.url, **cluster)
        with pytest.raises(ClusterError, match=words):
            found([PODS])

    with serving(listed(pod("a"))) as fake:
        refused(fake, "insecure-skip-tls-verify", **{"insecure-skip-tls-verify": True})
        assert not [path for path in fake.paths if "/proxy/" in path]


def test_rights_that_are_missing_are_named(kubeconfig: Path) -> None:
    denied = Answer(status=403, body={"kind": "Status", "message": "pods is forbidden"})
    with serving({LISTED: denied}) as fake:
        write(kubeconfig, fake.url)
        with pytest.raises(ClusterError, match=r"403.*forbidden"):
            found([PODS])


@pytest.mark.parametrize(
    ("observe", "words"),
    [
        ([{"pods": "app=vllm"}], r"\$\.observe\[0\]: 'port' is missing"),
        ([{"pods": "app=vllm", "port": 0}], r"\$\.observe\[0\]\.port: 0 is not >= 1"),
        ([{**PODS, "path": "metrics?x"}], r"\$\.observe\[0\]\.path: 'metrics\?x' is not like '/metrics'"),
        ([{**PODS, "label": "x"}], r"\$\.observe\[0\]\.label: unknown key"),
        ([5], r"\$\.observe\[0\]: 5 is not of type string or object"),
    ],
)
def test_what_is_no_place_is_refused(observe: Any, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        provider(observe)


def test_pods_need_a_cluster() -> None:
    with pytest.raises(ConfigError, match=r"mine.yaml: \$\.observe\[0\]\.pods: 'app=vllm' are pods .*kube_context"):
        provider([PODS], kube_context=None, kube_namespace=None)
    assert provider([PODS]).observe == (PodPages(selector="app=vllm", port=8000),)
