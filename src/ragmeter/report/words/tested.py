"""What was tested, in the few facts that a reader has to know first: where, which model, on what, which build."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragmeter.core.run.metadata import declared_fields
from ragmeter.report.words.format import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """declared: somebody typed it, and nobody observed it."""

    name: str
    words: str
    declared: bool


def tested(metadata: Mapping[str, Any], origins: Mapping[str, str | None]) -> Sequence[Fact]:
    """Of each of these what is known: the model, its engine, the GPU, the build, the place."""
    typed = set(declared_fields(origins))
    return [
        Fact(name=name, words=words, declared=bool(typed.intersection(fields)))
        for name, fields, words in _facts(metadata)
        if words
    ]


def _facts(of: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    yield "model", ("model_id",), _joined(of, "model_id", "dtype", "quantization")
    engine = of.get("llm_engine") or ("vllm" if of.get("vllm_version") else None)
    yield "engine", ("llm_engine",), " ".join(str(each) for each in (engine, of.get("vllm_version")) if each)
    yield "GPU", ("gpu_model", "gpu_count"), _gpu(of)
    yield "build", ("backend_image_tag",), _build(of)
    yield "place", ("region", "zone", "cluster_label"), _joined(of, "region", "zone", "cluster_label")


def _joined(of: Mapping[str, Any], *names: str) -> str:
    return ", ".join(shown(of[name]) for name in names if of.get(name) is not None)


def _gpu(of: Mapping[str, Any]) -> str:
    if of.get("gpu_model") is None:
        return _joined(of, "node_instance_type")
    times = f"{of['gpu_count']} x " if of.get("gpu_count") is not None else ""
    node = f" ({of['node_instance_type']})" if of.get("node_instance_type") is not None else ""
    return f"{times}{of['gpu_model']}{node}"


def _build(of: Mapping[str, Any]) -> str:
    """A digest is as long as a line: its first twelve characters tell it from any other."""
    tag = of.get("backend_image_tag") or of.get("backend_version")
    if not isinstance(tag, str):
        return ""
    name, _, digest = tag.partition("@sha256:")
    return f"{name}@sha256:{digest[:12]}" if digest else name
