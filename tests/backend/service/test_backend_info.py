"""What /info says of the LLM and of the environment: what was observed beats what was typed, field by field."""

import asyncio
import sys
import types
from typing import Any

import pytest

from backend.http.info import ask_llm, declared, observed, stated
from backend.llm.client import Llm
from backend.settings import Settings
from tests.grafana.observation import EXPOSITIONS
from tests.run.http_fake import Answer, serving

TYPED = {
    "RAG_PROVIDER": "aws-eks",
    "RAG_REGION": "us-east-2",
    "BACKEND_IMAGE_TAG": "registry.example.com:5000/ragmeter-backend:0.1.0",
    "VLLM_IMAGE_TAG": "v0.30.0",
    "VLLM_MODEL": "typed",
    "VLLM_REVISION": "main",
    "VLLM_DTYPE": "float16",
    "VLLM_QUANTIZATION": "awq",
    "VLLM_MAX_MODEL_LEN": "1024",
    "VLLM_GPU_MEMORY_UTILIZATION": "0.5",
    "VLLM_VERSION": "0.9",
    "RAY_VERSION": "2.40.0",
}
VLLM_PAGE = (EXPOSITIONS / "vllm.txt").read_text(encoding="utf-8")
VLLM_ANSWERS = {
    "/v1/models": Answer(body={"data": [{"id": "seen", "owned_by": "vllm", "max_model_len": 2048}]}),
    "/version": Answer(body={"version": "0.32.0"}),
    "/metrics": Answer(body=VLLM_PAGE),
}
LLAMACPP_ANSWERS = {
    "/v1/models": Answer(body={"data": [{"id": "/m/seen.gguf", "owned_by": "llamacpp", "meta": {"ftype": "Q4_1"}}]}),
    "/props": Answer(body={"build_info": "b1"}),
}


def said(answers: dict[str, Answer], environment: dict[str, str]) -> dict[str, Any]:
    with serving(answers) as llm:
        settings = Settings.from_environ({"VLLM_BASE_URL": llm.url, **environment})
        return stated(observed(asyncio.run(ask_llm(Llm(settings)))), declared(settings))


@pytest.mark.parametrize(
    ("name", "by_vllm", "by_llamacpp", "typed"),
    [
        ("model_id", "seen", "seen.gguf", "typed"),
        ("max_model_len", 2048, None, 1024),
        ("quantization", None, "Q4_1", "awq"),
        ("vllm_version", "0.32.0", None, "0.9"),
        ("gpu_memory_utilization", 0.92, None, 0.5),
        ("prefix_caching", "True", None, None),
        ("kv_cache_dtype", "auto", None, None),
        ("dtype", None, None, "float16"),
        ("model_revision", None, None, "main"),
        ("ray_version", None, None, "2.40.0"),
        ("backend_image_tag", None, None, "0.1.0"),
        ("vllm_image_tag", None, None, "v0.30.0"),
        ("region", None, None, "us-east-2"),
        ("provider", None, None, "aws-eks"),
    ],
)
def test_a_field_is_what_the_llm_says_else_what_was_typed_and_that_is_said(
    name: str, by_vllm: Any, by_llamacpp: Any, typed: Any
) -> None:
    """vLLM's page of metrics is a recorded one."""
    for answers, seen in ((VLLM_ANSWERS, by_vllm), (LLAMACPP_ANSWERS, by_llamacpp)):
        for environment, claim in (({}, None), (TYPED, typed)):
            info = said(answers, environment)
            assert info[name] == (claim if seen is None else seen)
            assert info["declared"].get(name) == claim
            assert (name in info["unconfirmed"]) is (seen is None and claim is not None)


def test_an_llm_that_does_not_answer_leaves_everything_declared() -> None:
    info = said({}, TYPED)
    assert set(info["unconfirmed"]) == set(info["declared"])
    assert info["model_id"] == "typed"


def test_ray_is_observed_where_it_runs_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that was installed and not loaded runs nothing."""
    ray = types.ModuleType("ray")
    ray.__version__ = "2.50.0"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ray", ray)
    info = said({}, TYPED)
    assert (info["ray_version"], info["declared"]["ray_version"]) == ("2.50.0", "2.40.0")
    assert "ray_version" not in info["unconfirmed"]


@pytest.mark.parametrize("share", ['"None"', '""', None])
def test_a_share_of_memory_that_is_no_number_is_not_known(share: str | None) -> None:
    label = "" if share is None else f",gpu_memory_utilization={share}"
    page = f'vllm:cache_config_info{{cache_dtype="fp8"{label}}} 1.0\n'
    info = said({**VLLM_ANSWERS, "/metrics": Answer(body=page)}, {})
    assert (info["kv_cache_dtype"], info["gpu_memory_utilization"]) == ("fp8", None)
