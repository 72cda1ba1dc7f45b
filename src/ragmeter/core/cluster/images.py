"""Which images run, from the pods that run them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from ragmeter.core.netprobe.placement import Pods, alive


def image_tags(backend: Pods, llm: Pods) -> dict[str, str]:
    """``backend_image_tag`` and ``vllm_image_tag`` of the running pods; one that nothing tells is left out.

    The image is that of a pod's first container. An LLM whose image is not called vllm is another engine. Pods of
    several tags, as during a roll-out, give all of them.
    """
    engines = [image for image in _images(llm) if "vllm" in _parted(image)[0].lower()]
    found = {"backend_image_tag": _tags(_images(backend)), "vllm_image_tag": _tags(engines)}
    return {name: tags for name, tags in found.items() if tags}


def tag_of(image: str) -> str | None:
    """The tag of a reference, or its digest where it has no tag. A registry's port is not a tag."""
    return _parted(image)[1]


def _parted(image: str) -> tuple[str, str | None]:
    name, _, digest = image.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return name, digest or None
    return repository, tag


def _images(pods: Sequence[Mapping[str, Any]]) -> list[str]:
    containers = [pod["spec"].get("containers") or [{}] for pod in alive(pods)]
    return [str(first["image"]) for first, *_ in containers if first.get("image")]


def _tags(images: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(tag for image in sorted(images) if (tag := tag_of(image)) is not None))
