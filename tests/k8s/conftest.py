"""Each test of manifests sees every overlay, the benchmark, and an overlay with all optional components."""

import shutil
from collections.abc import Iterator

import pytest

from tests.k8s.cluster import own_namespace
from tests.k8s.deployed import deployment, with_components
from tests.k8s.manifests import (
    BENCHMARK,
    K8S,
    NETPROBE,
    OPTIONAL,
    OVERLAYS,
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
def namespace() -> Iterator[str]:
    """An empty namespace in the cluster that KUBECONFIG names."""
    with own_namespace() as name:
        yield name


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The namespace of a backend that is ready; see `deployment`."""
    with deployment(tmp_path_factory.mktemp("deployed")) as name:
        yield name


SEPARATE = [*(f"benchmark/{name}" for name in BENCHMARK), *(f"netprobe/{name}" for name in NETPROBE)]


@pytest.fixture(params=[*OVERLAYS, *SEPARATE, "all components"])
def rendered(request: pytest.FixtureRequest, all_components: tuple[Manifest, ...]) -> tuple[Manifest, ...]:
    name: str = request.param
    if name in OVERLAYS:
        return overlay(name)
    if name == "all components":
        return all_components
    kind, _, part = name.partition("/")
    return benchmark(part) if kind == "benchmark" else netprobe(part)
