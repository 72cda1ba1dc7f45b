"""A real API server: KUBECONFIG names the cluster. What is made lies in a namespace of its own and is removed.

What an older cluster does not serve yet is left out and checked by schema alone.
"""

import asyncio
import json

import pytest
from kubernetes import config

from backend import __version__
from ragmeter.clients.kube.facts import image_facts
from ragmeter.clients.kube.pod_pages import pod_pages
from ragmeter.clients.observe.source import MetricsSource, Page, read_page
from ragmeter.core.figures.observe.told import told_in
from ragmeter.core.inputs.access.observed import PodPages
from tests.k8s.cluster import (
    READY_TIMEOUT_S,
    apply,
    forwarded,
    kubectl,
    moved,
    needs_cluster,
    needs_images,
    served,
)
from tests.k8s.manifests import BENCHMARK, OVERLAYS, Manifest, benchmark, of_kind, one, overlay

LEFT_OUT = {"HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceMonitor", "PodMonitor", "PrometheusRule"}
"""Kinds of newer API versions, or of an operator that need not be there."""

TOKENS = 32

pytestmark = needs_cluster


@pytest.mark.parametrize("rendered", [*map(overlay, OVERLAYS), *map(benchmark, BENCHMARK)], ids=[*OVERLAYS, *BENCHMARK])
def test_the_api_server_admits_every_object_that_it_serves(rendered: tuple[Manifest, ...], namespace: str) -> None:
    admitted = served(rendered)
    assert {each["kind"] for each in rendered if each not in admitted} <= LEFT_OUT
    answers = apply(moved(admitted, namespace), "--dry-run=server").splitlines()
    assert len(answers) == len(moved(admitted, namespace))
    assert all(answer.endswith("created (server dry run)") for answer in answers), answers


def test_the_api_server_admits_an_overlay_with_all_components(
    all_components: tuple[Manifest, ...], namespace: str
) -> None:
    assert "rag-index created (server dry run)" in apply(moved(served(all_components), namespace), "--dry-run=server")


@needs_images
def test_the_deployed_backend_answers_from_its_docset(deployed: str) -> None:
    with forwarded(deployed, "service/rag-backend", 80) as client:
        assert client.get("/readyz").json() == {"status": "ready"}
        answer = client.post("/query", json={"query": "How is the cost of a run computed?"}).json()
        info = client.get("/info").json()
        refused = client.post("/ingest", json={"texts": ["A text."]})
    assert any(found["id"].startswith("explanation-cost.md#") for found in answer["documents"])
    assert answer["token_count"] == TOKENS
    assert (info["provider"], info["region"], info["model_id"]) == ("local", "this-machine", "ground-truth")
    assert info["replica_id"] in kubectl("-n", deployed, "get", "pods", "-o", "name")
    assert refused.status_code == 401


@needs_images
def test_the_metrics_page_of_a_deployed_pod_is_read_through_the_api_server(deployed: str) -> None:
    _, current = config.list_kube_config_contexts()
    asked = PodPages(selector="app.kubernetes.io/name=rag-backend", port=8080)
    (found,) = pod_pages(current["name"], deployed, asked)
    source = MetricsSource(url=found.url, headers=found.headers, tls=found.tls)

    async def read() -> Page:
        async with source.client() as client:
            return await read_page(client, source, buckets=False)

    page = asyncio.run(read())
    assert page.failure is None
    assert told_in(page.samples) is not None


@needs_images
def test_the_images_of_the_deployed_pods_are_observed(deployed: str) -> None:
    """The language model is no vLLM, and its image is not taken for one."""
    _, current = config.list_kube_config_contexts()
    selectors = {"backend": "app.kubernetes.io/name=rag-backend", "LLM": "app.kubernetes.io/component=llm"}
    assert image_facts(current["name"], deployed, selectors) == {"backend_image_tag": __version__}
    with forwarded(deployed, "service/rag-backend", 80) as client:
        info = client.get("/info").json()
    assert info["declared"]["backend_image_tag"] == __version__
    assert {"backend_image_tag", "region"} <= set(info["unconfirmed"])
    assert "model_id" not in info["unconfirmed"]


@needs_images
def test_the_deployed_number_of_backends_is_the_one_of_the_manifests(deployed: str) -> None:
    wanted = one(overlay("kind"), "Deployment", "rag-backend")["spec"]["replicas"]
    selector = ("-l", "app.kubernetes.io/name=rag-backend")
    pods = json.loads(kubectl("-n", deployed, "get", "pods", *selector, "-o", "json"))["items"]
    assert len([pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]) == wanted


@needs_images
def test_the_metrics_of_a_pod_are_those_that_its_monitor_scrapes(deployed: str) -> None:
    (monitor,) = of_kind(overlay("aws-eks"), "ServiceMonitor")
    (endpoint,) = monitor["spec"]["endpoints"]
    with forwarded(deployed, "service/rag-backend", 80) as client:
        text = client.get(endpoint["path"]).text
    assert 'rag_info{model_id="ground-truth",provider="local"' in text


@needs_images
def test_a_backend_that_is_stopped_drains_and_ends_well(deployed: str) -> None:
    pod = kubectl("-n", deployed, "get", "pods", "-l", "app.kubernetes.io/name=rag-backend", "-o", "name").split()[0]
    kubectl("-n", deployed, "delete", pod, "--wait=false")
    logs = kubectl("-n", deployed, "logs", pod, "-c", "backend", "--follow", timeout_s=READY_TIMEOUT_S)
    assert '"event": "draining"' in logs
    assert '"event": "stopped"' in logs
