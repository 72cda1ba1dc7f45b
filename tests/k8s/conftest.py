"""Each test of manifests sees every overlay, the benchmark, and an overlay with all optional components."""

import shutil
from collections.abc import Iterator

import pytest

from tests.k8s.cluster import own_namespace
from tests.k8s.deployed import deployment, wait_until_ready, with_components
from tests.k8s.manifests import (
    BENCHMARK,
    K8S,
    NETPROBE,
    OPTIONAL,
    OVERLAYS,
    OWN_PROMETHEUS,
    Manifest,
    benchmark,
    kustomize,
    netprobe,
    overlay,
)


@pytest.fixture(scope="session")
def all_components(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, ...]:
    """aws-eks as a user would change it: every optional component added before the images."""
    folder = tmp_path_factory.mktemp("k8s") / "k8s"
    shutil.copytree(K8S, folder)
    return tuple(kustomize(with_components(folder / "overlays" / "aws-eks", *OPTIONAL)))


@pytest.fixture(scope="session")
def autoscaled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, ...]:
    """akamai-lke with the autoscaler, which does not go with an index that has one writer."""
    folder = tmp_path_factory.mktemp("autoscaled") / "k8s"
    shutil.copytree(K8S, folder)
    return tuple(kustomize(with_components(folder / "overlays" / "akamai-lke", "autoscaler")))


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, ...]:
    """gcp-gke with a managed PostgreSQL for all replicas."""
    folder = tmp_path_factory.mktemp("shared") / "k8s"
    shutil.copytree(K8S, folder)
    return tuple(kustomize(with_components(folder / "overlays" / "gcp-gke", "shared-store")))


@pytest.fixture(scope="session")
def own_prometheus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, ...]:
    """aws-eks for a cluster without the Prometheus Operator, with all that is scraped."""
    folder = tmp_path_factory.mktemp("k8s") / "k8s"
    shutil.copytree(K8S, folder)
    return tuple(kustomize(with_components(folder / "overlays" / "aws-eks", *OWN_PROMETHEUS)))


@pytest.fixture(scope="session")
def namespace() -> Iterator[str]:
    """An empty namespace in the cluster that KUBECONFIG names."""
    with own_namespace() as name:
        yield name


@pytest.fixture(scope="session")
def deployed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The namespace of one backend for all tests, each of which may end its pods; see `deployment`."""
    with deployment(tmp_path_factory.mktemp("deployed")) as name:
        yield name


@pytest.fixture
def deployed(deployed_once: str) -> str:
    """The namespace of a backend that is ready, whatever the test before did to it."""
    wait_until_ready(deployed_once)
    return deployed_once


SEPARATE = [*(f"benchmark/{name}" for name in BENCHMARK), *(f"netprobe/{name}" for name in NETPROBE)]


@pytest.fixture(params=[*OVERLAYS, *SEPARATE, "all components", "autoscaled", "own prometheus", "shared store"])
def rendered(
    request: pytest.FixtureRequest,
    all_components: tuple[Manifest, ...],
    autoscaled: tuple[Manifest, ...],
    own_prometheus: tuple[Manifest, ...],
    shared_store: tuple[Manifest, ...],
) -> tuple[Manifest, ...]:
    name: str = request.param
    if name in OVERLAYS:
        return overlay(name)
    together = {
        "all components": all_components,
        "autoscaled": autoscaled,
        "own prometheus": own_prometheus,
        "shared store": shared_store,
    }
    if name in together:
        return together[name]
    kind, _, part = name.partition("/")
    return benchmark(part) if kind == "benchmark" else netprobe(part)
