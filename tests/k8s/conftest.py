"""Each test of manifests sees every overlay, the benchmark, and an overlay with all optional components."""

import shutil
from pathlib import Path

import pytest

from tests.k8s.manifests import BENCHMARK, K8S, OPTIONAL, OVERLAYS, Manifest, benchmark, kustomize, overlay


@pytest.fixture(scope="session")
def all_components(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, ...]:
    """aws-eks as a user would change it: every optional component added before the images."""
    folder = tmp_path_factory.mktemp("k8s") / "k8s"
    shutil.copytree(K8S, folder)
    return tuple(kustomize(with_components(folder / "overlays" / "aws-eks")))


def with_components(folder: Path) -> Path:
    path = folder / "kustomization.yaml"
    text = path.read_text(encoding="utf-8")
    added = "".join(f"  - ../../components/{name}\n" for name in OPTIONAL)
    path.write_text(text.replace("components:\n", f"components:\n{added}", 1), encoding="utf-8")
    return folder


@pytest.fixture(params=[*OVERLAYS, *(f"benchmark/{name}" for name in BENCHMARK), "all components"])
def rendered(request: pytest.FixtureRequest, all_components: tuple[Manifest, ...]) -> tuple[Manifest, ...]:
    name: str = request.param
    if name in OVERLAYS:
        return overlay(name)
    return all_components if name == "all components" else benchmark(name.removeprefix("benchmark/"))
