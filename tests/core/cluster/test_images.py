"""Which images run: tags of references, and of the pods that run them."""

from typing import Any

import pytest

from ragmeter.core.cluster.images import image_tags, tag_of


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("ragmeter-backend:0.1.0", "0.1.0"),
        ("registry.example.com/team/ragmeter-backend:0.1.0", "0.1.0"),
        ("registry.example.com:5000/ragmeter-backend:0.1.0", "0.1.0"),
        ("registry.example.com:5000/ragmeter-backend", None),
        ("ragmeter-backend", None),
        ("vllm/vllm-openai:v0.30.0-cu129@sha256:ab", "v0.30.0-cu129"),
        ("vllm/vllm-openai@sha256:ab", "sha256:ab"),
    ],
)
def test_the_tag_of_a_reference_is_no_port(image: str, tag: str | None) -> None:
    assert tag_of(image) == tag


def pod(image: str, phase: str = "Running", **metadata: Any) -> dict[str, Any]:
    containers = [{"image": image}, {"image": "sidecar:9"}]
    return {"metadata": {"name": "p", **metadata}, "status": {"phase": phase}, "spec": {"containers": containers}}


def test_tags_are_those_of_running_pods() -> None:
    backend = [pod("b:2"), pod("b:1"), pod("b:2"), pod("b:0", "Pending"), pod("b:3", deletionTimestamp="now")]
    assert image_tags(backend, [pod("mirror/vllm-openai:v1")]) == {"backend_image_tag": "1, 2", "vllm_image_tag": "v1"}


BARE: dict[str, Any] = {"metadata": {}, "status": {"phase": "Running"}, "spec": {"containers": []}}
"""No API server has such a pod; the answer of one is still no place for a traceback."""


@pytest.mark.parametrize("llm", [[], [pod("ragmeter-runner:0.1.0")], [pod("vllm/vllm-openai")], [BARE], [pod("")]])
def test_what_no_pod_tells_is_left_out(llm: list[dict[str, Any]]) -> None:
    assert image_tags([], llm) == {}
