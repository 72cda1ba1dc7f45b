"""The command that builds, tags and pushes the images: what it runs, what it writes, and what it refuses.

The builders here write down their arguments. A real one is run by .ci/images, whose images the tests of a cluster use.
"""

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from backend import __version__
from tests.k8s.manifests import K8S, benchmark, kustomize, of_kind, workload, workloads

OURS = ["ragmeter-backend", "ragmeter-netprobe", "ragmeter-runner"]
REGISTRY = "registry.example.com:5000/team"
BUILDER = """#!/bin/sh
exec '{python}' -c 'import json, sys; print(json.dumps(sys.argv[1:]))
sys.exit({status})' '{name}' "$@" >>'{log}'
"""


class Checkout:
    """A copy of k8s/ with its command, and a PATH that has the builders of a test and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.root, self.tools, self.log = folder / "root", folder / "tools", folder / "log"
        shutil.copytree(K8S, self.root / "k8s")
        self.tools.mkdir()
        self.log.touch()

    def builder(self, name: str, status: int = 0) -> "Checkout":
        path = self.tools / name
        path.write_text(BUILDER.format(python=sys.executable, log=self.log, status=status, name=name), encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return self

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(self.root / "k8s" / "images" / "build.py"), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=30, env={"PATH": str(self.tools)}
        )

    @property
    def commands(self) -> list[list[str]]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    @property
    def named(self) -> str:
        return (self.root / "k8s" / "components" / "images" / "kustomization.yaml").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.mark.parametrize("tool", ["docker", "podman", "buildah"])
def test_each_image_is_built_under_the_name_that_the_overlays_have(tool: str, checkout: Checkout) -> None:
    before = checkout.named
    done = checkout.builder(tool).run("--base", "python@sha256:ab", "--", "--network", "host")
    assert done.returncode == 0, done.stderr
    names = [f"{name}:{__version__}" for name in OURS]
    assert done.stdout.split() == names
    files = [str(checkout.root / "k8s" / "images" / name.removeprefix("ragmeter-") / "Containerfile") for name in OURS]
    assert checkout.commands == [
        [
            tool, "build", "--network", "host", "--build-arg=BASE=python@sha256:ab", f"--file={file}", f"--tag={name}",
            str(checkout.root),
        ]
        for file, name in zip(files, names, strict=True)
    ]  # fmt: skip
    assert [line for line in done.stderr.splitlines() if line.startswith("$ ")] == [
        f"$ {' '.join(command)}" for command in checkout.commands
    ]
    assert all(Path(file).is_file() for file in files)
    assert checkout.named == before


def test_registry_and_tag_are_pushed_and_then_asked_for_by_every_overlay(checkout: Checkout) -> None:
    done = checkout.builder("podman").run("--registry", REGISTRY, "--tag", "1.2.3", "--push")
    assert done.returncode == 0, done.stderr
    names = [f"{REGISTRY}/{name}:1.2.3" for name in OURS]
    assert [command for command in checkout.commands if command[1] == "push"] == [
        ["podman", "push", name] for name in names
    ]
    assert f"export RAGMETER_IMAGE={names[2]} RAGMETER_EW_IMAGE={names[1]}\n" in done.stderr
    rendered = kustomize(checkout.root / "k8s" / "overlays" / "kind")
    images = {each["image"] for pod in workloads(tuple(rendered)) for each in pod.containers}
    assert images == {names[0], names[2]}
    run = workload(tuple(kustomize(checkout.root / "k8s" / "benchmark" / "run")), "rag-benchmark")
    assert run.spec["containers"][0]["image"] == names[2]
    reported = [each["data"].get("BACKEND_IMAGE_TAG") for each in of_kind(tuple(rendered), "ConfigMap")]
    assert names[0] in reported
    assert checkout.run("--list").stdout.split() == names


def test_what_is_not_ours_keeps_its_name(checkout: Checkout) -> None:
    def others(text: str) -> list[dict[str, str]]:
        return [each for each in yaml.safe_load(text)["images"] if each["name"] not in OURS]

    before = others(checkout.named)
    assert checkout.builder("docker").run("--registry", REGISTRY, "--tag", "9").returncode == 0
    assert others(checkout.named) == before


def test_a_later_registry_replaces_the_first_and_the_tag_stays(checkout: Checkout) -> None:
    checkout.builder("docker")
    for registry in ("first.example.com", "second.example.com"):
        assert checkout.run("--registry", registry, "--tag", "2").returncode == 0
    assert checkout.run("--registry", "third.example.com").stdout.split() == [f"third.example.com/{n}:2" for n in OURS]


def test_a_build_that_fails_ends_it_and_writes_nothing(checkout: Checkout) -> None:
    before = checkout.named
    done = checkout.builder("docker", status=3).run("--registry", REGISTRY, "--push")
    assert (done.returncode, done.stdout, len(checkout.commands), checkout.named) == (3, "", 1, before)


def test_the_first_builder_that_is_there_is_taken_unless_one_is_named(checkout: Checkout) -> None:
    checkout.builder("buildah").builder("podman").run()
    checkout.run("--tool", "buildah")
    assert [command[0] for command in checkout.commands] == ["podman"] * 3 + ["buildah"] * 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "there is no builder on the PATH: install one of docker, podman, buildah"),
        (["--tool", "podman"], "there is no podman on the PATH: install one of docker, podman, buildah"),
        (["--push"], "--push needs a registry: pass --registry, or write newName into k8s/components/images"),
        (["--registry", "two words"], "'two words' is not HOST"),
        (["--registry", "https://registry.example.com"], "is not HOST"),
        (["--registry", "-registry"], "expected one argument"),
        (["--tag", "a/b"], "'a/b' is not letters"),
        (["--base", "--network=host"], "expected one argument"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments: list[str], words: str, checkout: Checkout) -> None:
    before = checkout.named
    done = checkout.run(*arguments)
    assert (done.returncode, done.stdout, checkout.named) == (2, "", before)
    assert re.search(words, done.stderr.splitlines()[-1])


def test_the_help_says_what_to_type(checkout: Checkout) -> None:
    done = checkout.run("--help")
    assert done.returncode == 0
    assert "build.py --registry registry.example.com/team --push" in done.stdout


def test_the_shipped_names_are_those_of_this_version(checkout: Checkout) -> None:
    assert checkout.run("--list").stdout.split() == [f"{name}:{__version__}" for name in OURS]
    assert workload(benchmark("run"), "rag-benchmark").spec["containers"][0]["image"] == f"{OURS[2]}:{__version__}"
