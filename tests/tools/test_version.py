"""One version: package, metadata, images, manifests, schemas and pages."""

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

import backend
import ragmeter
from tools.version import IMAGE, ROOT, disagreeing, places, with_version

HAVE_IT = (
    "docs/howto-ci.md",
    "docs/howto-cluster.md",
    "docs/howto-east-west.md",
    "docs/reference/provider.md",
    "docs/tutorial.md",
    "fixtures/providers/akamai-lke.yaml",
    "k8s/components/images/kustomization.yaml",
    "schemas/provider.v1.schema.json",
)


def test_every_place_says_the_version_of_the_package() -> None:
    assert not list(disagreeing(ragmeter.__version__))
    assert backend.__version__ == version("ragmeter") == ragmeter.__version__


def test_the_places_are_found() -> None:
    assert {str(path.relative_to(ROOT)) for path in places()} >= set(HAVE_IT)


@pytest.mark.parametrize("name", HAVE_IT)
def test_a_new_version_reaches_the_place_and_changes_nothing_else(name: str) -> None:
    path = ROOT / name
    text = path.read_text(encoding="utf-8")
    changed = with_version(path, "7.8.9")
    assert "7.8.9" in changed
    assert changed.replace("7.8.9", ragmeter.__version__) == text


def test_versions_of_others_stay() -> None:
    """Packages, Kubernetes and tools have versions of their own on the same pages."""
    observability = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
    assert "88.5.3" in with_version(ROOT / "docs" / "observability.md", "7.8.9")
    assert "88.5.3" in observability


def test_the_security_policy_supports_the_minor_version_of_the_package() -> None:
    minor = ragmeter.__version__.rpartition(".")[0]
    assert f"| {minor}.x | yes |" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_the_command_names_no_place_today() -> None:
    command = [sys.executable, "-m", "tools.version", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("folder", ["backend", "bench", "grafana", "netprobe", "requirements", "src", "workloads"])
def test_no_other_file_that_ships_names_an_image_of_ours_with_a_version(folder: str) -> None:
    """A copy that the table does not know would be forgotten."""
    known = set(places())
    for path in (ROOT / folder).rglob("*"):
        if path.is_file() and path.suffix != ".pyc" and path not in known:
            assert not re.search(IMAGE, path.read_text(encoding="utf-8")), path
