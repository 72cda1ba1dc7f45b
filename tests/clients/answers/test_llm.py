"""What an OpenAI-compatible server says of itself, and what is made of nonsense."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from ragmeter.clients.answers.llm import llm_facts
from ragmeter.testing import GroundTruthServer
from tests.run.http_fake import Answer, serving

VLLM_METRICS = """# HELP vllm:cache_config_info Information of the LLMEngine CacheConfig
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{block_size="16",cache_dtype="auto",enable_prefix_caching="True",num_gpu_blocks="7000"} 1.0
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="Qwen/Qwen3-1.7B"} 0.0
"""


def facts(answers: Mapping[str, Answer], **wanted: Any) -> dict[str, Any]:
    with serving(answers) as fake, httpx.Client(base_url=fake.url, timeout=20, trust_env=False) as client:
        return llm_facts(client, **wanted)


def models(*listed: Any) -> dict[str, Answer]:
    return {"/v1/models": Answer(body={"object": "list", "data": list(listed)})}


def test_vllm_tells_model_version_and_cache() -> None:
    """Bodies as vLLM 0.32 sends them."""
    found = facts(
        {
            **models({"id": "Qwen/Qwen3-1.7B", "object": "model", "owned_by": "vllm", "max_model_len": 4096}),
            "/version": Answer(body={"version": "0.32.0"}),
            "/metrics": Answer(body=VLLM_METRICS),
        }
    )
    assert found == {
        "model_id": "Qwen/Qwen3-1.7B",
        "llm_engine": "vllm",
        "max_model_len": 4096,
        "vllm_version": "0.32.0",
        "prefix_caching": "True",
        "kv_cache_dtype": "auto",
    }


def test_real_server_that_tells_little_is_believed() -> None:
    with GroundTruthServer() as server, httpx.Client(base_url=server.base_url, trust_env=False) as client:
        assert llm_facts(client) == {"model_id": "ground-truth", "llm_engine": "ragmeter"}


@pytest.mark.parametrize(
    ("wanted", "found"), [(None, "base"), ("base", "base"), ("tuned", "tuned"), ("neither", "base")]
)
def test_model_that_is_asked_for_is_the_one_described(wanted: str | None, found: str) -> None:
    assert facts(models({"id": "base"}, {"id": "tuned"}), model_id=wanted)["model_id"] == found


@pytest.mark.parametrize(
    "answers",
    [
        {},
        models(),
        models("a name", 5, None),
        models({"id": 5, "owned_by": None, "max_model_len": "long"}),
        {"/v1/models": Answer(body={"data": "none"})},
        {"/v1/models": Answer(body=["m"])},
        {"/v1/models": Answer(body="<html>")},
        {"/v1/models": Answer(status=401, body={"error": "no key"})},
        {"/version": Answer(body={"version": 3})},
        {"/metrics": Answer(body="vllm:cache_config_info{ broken")},
        {"/metrics": Answer(body="other_metric 1\n")},
        {"/v1/models": Answer(after_s=1.0)},
    ],
    ids=lambda answers: ", ".join(f"{path} {answer.status} {answer.body}" for path, answer in answers.items()) or "404",
)
def test_server_that_tells_nothing_of_use_is_no_error(answers: dict[str, Answer]) -> None:
    assert facts(answers) == {}


def test_server_that_is_not_there_is_no_error() -> None:
    with httpx.Client(base_url="http://127.0.0.1:1", trust_env=False) as client:
        assert llm_facts(client) == {}
