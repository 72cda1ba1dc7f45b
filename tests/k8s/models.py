"""Overlays with another model than the shipped one, and vLLM's command line as the kubelet would start it."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.k8s.manifests import K8S, Manifest, kustomize, one, settings, workload

MODELS = tuple(sorted(path.name for path in (K8S / "models").iterdir()))
DEFAULT = "qwen3-1.7b"


@dataclass(frozen=True, slots=True)
class Served:
    """One model in one rendered overlay. command: vLLM's, with its variables. environment: the backend's."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    model: Mapping[str, str]
    rendered: tuple[Manifest, ...]

    @property
    def options(self) -> dict[str, str]:
        """Of the command, by name."""
        return dict(each.removeprefix("--").partition("=")[::2] for each in self.command if each.startswith("--"))


def with_model(folder: Path, model: str) -> None:
    """k8s/ as a user would change it: one line of one file."""
    path = folder / "components" / "model" / "kustomization.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"models/{DEFAULT}\n", f"models/{model}\n"), encoding="utf-8")


def served(scratch: Path, overlay: str, model: str) -> Served:
    shutil.copytree(K8S, scratch / "k8s")
    with_model(scratch / "k8s", model)
    return served_by(tuple(kustomize(scratch / "k8s" / "overlays" / overlay)))


def served_by(rendered: tuple[Manifest, ...]) -> Served:
    (container,) = workload(rendered, "vllm").spec["containers"]
    backend = workload(rendered, "rag-backend").spec["containers"][0]
    variables = {each["name"]: value for each in container["env"] if (value := _value(rendered, each)) is not None}
    written = [*container["command"], *container["args"]]
    (name,) = {
        each["valueFrom"]["configMapKeyRef"]["name"]
        for each in container["env"]
        if "configMapKeyRef" in each.get("valueFrom", {})
    }
    return Served(
        command=tuple(re.sub(r"\$\((\w+)\)", lambda match: variables[match[1]], each) for each in written),
        environment=settings(rendered, backend),
        model=one(rendered, "ConfigMap", name)["data"],
        rendered=rendered,
    )


def _value(rendered: tuple[Manifest, ...], variable: Manifest) -> str | None:
    """None of a secret."""
    reference = variable.get("valueFrom", {}).get("configMapKeyRef")
    if reference is None:
        return variable.get("value")
    found: str = one(rendered, "ConfigMap", reference["name"])["data"][reference["key"]]
    return found
