"""The manifests against the programs they start: settings, paths, drain times, who may reach whom."""

import re
from urllib.parse import urlsplit

import httpx
import pytest

from backend.http.status import router
from backend.retrieval.postgres.connecting import read_place
from backend.settings import Settings, describe_settings
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.k8s.manifests import (
    CLOUDS,
    K8S,
    OVERLAYS,
    Manifest,
    benchmark,
    matches,
    of_kind,
    one,
    overlay,
    settings,
    workload,
    workloads,
)

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
VLLM_HEALTH = "/health"
QWEN3_PARAMETERS_BYTES = 4_063_479_808
GIB = 2**30


def backend(name: str) -> Manifest:
    found: Manifest = workload(overlay(name), "rag-backend").spec["containers"][0]
    return found


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_backend_understands_every_variable(name: str) -> None:
    known = {line.split()[0] for line in describe_settings().splitlines()}
    container = backend(name)
    environment = settings(overlay(name), container)
    assert environment.keys() | {variable["name"] for variable in container["env"]} <= known
    Settings.from_environ(environment)


@pytest.mark.parametrize("name", OVERLAYS)
def test_both_containers_of_the_backend_build_the_same_index(name: str) -> None:
    (docset,) = workload(overlay(name), "rag-backend").spec["initContainers"]
    assert docset["image"] == backend(name)["image"]
    assert settings(overlay(name), docset) == settings(overlay(name), backend(name))
    assert docset["volumeMounts"] == backend(name)["volumeMounts"]


def test_the_probes_of_the_backend_ask_paths_that_it_has() -> None:
    container = backend("kind")
    asked = {probe: container[probe]["httpGet"]["path"] for probe in PROBES}
    assert asked == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert set(asked.values()) <= {getattr(route, "path", None) for route in router.routes}


def test_the_probes_of_the_ground_truth_model_ask_a_path_that_it_has() -> None:
    (container,) = workload(overlay("kind"), "ground-truth-llm").spec["containers"]
    paths = {container[probe]["httpGet"]["path"] for probe in PROBES if probe in container}
    with GroundTruthServer(StreamScript()) as server:
        assert [httpx.get(f"{server.base_url}{path}", trust_env=False).status_code for path in paths] == [200]


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_pod_that_is_stopped_has_time_to_drain(name: str) -> None:
    drain = Settings.from_environ(settings(overlay(name), backend(name)))
    pod = workload(overlay(name), "rag-backend").spec
    assert pod["terminationGracePeriodSeconds"] > drain.drain_delay_s + drain.drain_s


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_backend_finds_its_language_model(name: str) -> None:
    rendered = overlay(name)
    url = urlsplit(settings(rendered, backend(name))["VLLM_BASE_URL"])
    service = one(rendered, "Service", str(url.hostname))
    assert url.port in {port["port"] for port in service["spec"]["ports"]}
    (model,) = [each for each in workloads(rendered) if service["spec"]["selector"].items() <= each.labels.items()]
    (rule,) = [rule for rule in one(rendered, "NetworkPolicy", "rag-backend")["spec"]["egress"] if "to" in rule]
    assert matches(rule["to"][0]["podSelector"], model.labels)
    assert [port["port"] for port in rule["ports"]] == list(model.ports.values())


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_tags_that_the_backend_reports_are_those_that_run(name: str) -> None:
    rendered = overlay(name)
    reported = Settings.from_environ(settings(rendered, backend(name)))
    running = {each.name: each.spec["containers"][0]["image"].partition(":")[2] for each in workloads(rendered)}
    assert reported.backend_image_tag == running["rag-backend"]
    assert reported.vllm_image_tag == running.get("vllm")


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_benchmark_is_deployed_with_a_number_of_backends_that_stays(name: str) -> None:
    assert of_kind(overlay(name), "HorizontalPodAutoscaler") == []
    (budget,) = of_kind(overlay(name), "PodDisruptionBudget")
    replicas = one(overlay(name), "Deployment", "rag-backend")["spec"]["replicas"]
    assert replicas > budget["spec"]["maxUnavailable"] or (name, replicas) == ("kind", 1)


def test_an_autoscaler_that_is_added_owns_the_number_of_backends(autoscaled: tuple[Manifest, ...]) -> None:
    (scaler,) = of_kind(autoscaled, "HorizontalPodAutoscaler")
    target = scaler["spec"]["scaleTargetRef"]
    assert "replicas" not in one(autoscaled, target["kind"], target["name"])["spec"]
    (budget,) = of_kind(autoscaled, "PodDisruptionBudget")
    assert scaler["spec"]["minReplicas"] > budget["spec"]["maxUnavailable"]


def test_an_index_on_a_volume_has_one_writer(all_components: tuple[Manifest, ...]) -> None:
    deployment = one(all_components, "Deployment", "rag-backend")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert not deployment["template"]["spec"].get("initContainers")
    (data,) = [volume for volume in deployment["template"]["spec"]["volumes"] if volume["name"] == "data"]
    assert data == {"name": "data", "persistentVolumeClaim": {"claimName": "rag-index"}}
    assert of_kind(all_components, "HorizontalPodAutoscaler", "PodDisruptionBudget") == []


def test_an_address_outside_the_cluster_is_closed_until_networks_are_named(
    all_components: tuple[Manifest, ...],
) -> None:
    exposed = [
        each for each in of_kind(all_components, "Service") if each["spec"].get("type", "ClusterIP") != "ClusterIP"
    ]
    assert [each["metadata"]["name"] for each in exposed] == ["rag-backend"]
    assert exposed[0]["spec"]["loadBalancerSourceRanges"] == ["192.0.2.0/24"]
    for name in OVERLAYS:
        assert all("type" not in each["spec"] for each in of_kind(overlay(name), "Service"))


@pytest.mark.parametrize("name", CLOUDS)
def test_vllm_has_time_and_room_for_its_model(name: str) -> None:
    pod = workload(overlay(name), "vllm").spec
    (container,) = pod["containers"]
    assert {container[probe]["httpGet"]["path"] for probe in PROBES} == {VLLM_HEALTH}
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 1800
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["shm"]["emptyDir"]["medium"] == "Memory"
    assert {"name": "shm", "mountPath": "/dev/shm"} in container["volumeMounts"]
    claim = one(overlay(name), "PersistentVolumeClaim", volumes["models"]["persistentVolumeClaim"]["claimName"])
    size = claim["spec"]["resources"]["requests"]["storage"]
    assert int(size.removesuffix("Gi")) * GIB > 4 * QWEN3_PARAMETERS_BYTES


def test_the_benchmark_measures_the_service_that_the_overlays_deploy() -> None:
    pod = workload(benchmark("run"), "rag-benchmark")
    url = urlsplit(settings(benchmark("run"), pod.spec["containers"][0])["RAGMETER_BASE_URL"])
    assert url.geturl() == Settings.from_environ({}).bench_target_url
    for name in OVERLAYS:
        service = one(overlay(name), "Service", str(url.hostname))
        assert (url.port or 80) in {port["port"] for port in service["spec"]["ports"]}
    policy = one(benchmark("access"), "NetworkPolicy", "rag-benchmark")["spec"]
    assert matches(policy["podSelector"], pod.labels)
    egress = policy["egress"]
    (rule,) = [
        each
        for each in egress
        if each.get("to", [{}])[0].get("podSelector", {}).get("matchLabels")
        == {"app.kubernetes.io/name": "rag-backend"}
    ]
    assert [port["port"] for port in rule["ports"]] == [backend("kind")["ports"][0]["containerPort"]]


def test_the_component_turns_benchmarks_on_with_the_runner_that_is_shipped(
    all_components: tuple[Manifest, ...],
) -> None:
    pod = workload(all_components, "rag-backend").spec
    environment = Settings.from_environ(settings(all_components, pod["containers"][0]))
    assert environment.bench_image == workload(benchmark("run"), "rag-benchmark").spec["containers"][0]["image"]
    assert pod["automountServiceAccountToken"] is True
    policy = one(all_components, "NetworkPolicy", "rag-backend-benchmark")["spec"]
    (rule,) = [each for each in policy["egress"] if "to" in each]
    assert matches(rule["to"][0]["podSelector"], workload(all_components, "rag-backend").labels)
    assert [port["port"] for port in rule["ports"]] == [pod["containers"][0]["ports"][0]["containerPort"]]
    for binding in ("rag-backend-benchmark", "rag-benchmark"):
        role = one(all_components, "RoleBinding", binding)["roleRef"]["name"]
        assert one(all_components, "Role", role)["rules"]


@pytest.mark.parametrize("name", CLOUDS)
def test_vllm_lets_the_backend_and_the_benchmark_in(name: str) -> None:
    (rule,) = one(overlay(name), "NetworkPolicy", "vllm")["spec"]["ingress"]
    selectors = [source["podSelector"] for source in rule["from"] if "podSelector" in source]
    for pod in (workload(overlay(name), "rag-backend"), workload(benchmark("run"), "rag-benchmark")):
        assert any(matches(selector, pod.labels) for selector in selectors), pod.name


def test_replicas_that_share_a_store_reach_it_and_seed_nothing(shared_store: tuple[Manifest, ...]) -> None:
    """The URL as the page has it is one that the service reads."""
    pod = workload(shared_store, "rag-backend")
    (container,) = pod.containers
    given = {each["name"]: each["valueFrom"] for each in container["env"] if "secretKeyRef" in each["valueFrom"]}
    assert given["RAG_POSTGRES_URL"]["secretKeyRef"] == {"name": "rag-postgres", "key": "url"}
    assert given["RAG_POSTGRES_PASSWORD"]["secretKeyRef"] == {"name": "rag-postgres", "key": "password"}
    assert [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "postgres"] == [
        "/etc/rag-postgres"
    ]
    egress = one(shared_store, "NetworkPolicy", "rag-backend")["spec"]["egress"]
    assert {"ports": [{"port": 5432}]} in egress
    assert one(shared_store, "Deployment", "rag-backend")["spec"]["replicas"] == 2
    page = (K8S.parent / "docs" / "howto-cluster.md").read_text(encoding="utf-8")
    (url,) = re.findall(r"--from-literal=url='(\S+)'", page)
    place = read_place(url, None, 5)
    assert (place.parameters["sslmode"], place.parameters["sslrootcert"]) == ("verify-full", "/etc/rag-postgres/ca.crt")
