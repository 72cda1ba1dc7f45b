"""A real vLLM takes the rendered command lines: it reads those of all models, and serves the small one with its own.

It is not collected by itself: ``tox -e vllm`` has the packages and the checkpoint that ``RAGMETER_CHECKPOINT`` names.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.backend.running import Backend
from tests.k8s.models import MODELS, Served, served
from tests.k8s.test_k8s_small_model import OF_THE_POD
from tests.ports import free_port
from tests.tethered import tethered
from tests.waiting import wait_until_served

START_TIMEOUT_S = 600
PARSE_TIMEOUT_S = 120
SMALL = "smollm2-135m"


PARSER = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
read = make_arg_parser(FlexibleArgumentParser()).parse_args(sys.argv[1:])
keys = "model revision tokenizer_revision served_model_name dtype max_model_len gpu_memory_utilization port"
print(json.dumps({key: getattr(read, key) for key in keys.split()}))
"""
"""In a process of its own: this one turns PyTorch's warnings into errors."""


@pytest.mark.parametrize("name", MODELS)
def test_vllm_reads_every_argument(name: str, tmp_path: Path) -> None:
    model = served(tmp_path, "gcp-gke", name)
    command = [sys.executable, "-c", PARSER, "--model", *model.command[2:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PARSE_TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    said = model.model
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "model": said["VLLM_MODEL"],
        "revision": said["VLLM_REVISION"],
        "tokenizer_revision": said["VLLM_TOKENIZER_REVISION"],
        "served_model_name": [said["VLLM_MODEL"]],
        "dtype": said["VLLM_DTYPE"],
        "max_model_len": int(said["VLLM_MAX_MODEL_LEN"]),
        "gpu_memory_utilization": float(said["VLLM_GPU_MEMORY_UTILIZATION"]),
        "port": 8000,
    }


@contextmanager
def running(model: Served) -> Iterator[str]:
    """vLLM with the rendered arguments; weights from the checkpoint, another port, and nothing compiled."""
    port = free_port()
    rendered = [each for each in model.command[3:] if not each.startswith("--port=")]
    command = [
        sys.executable,
        "-m",
        "vllm.entrypoints.openai.api_server",
        f"--model={os.environ['RAGMETER_CHECKPOINT']}",
    ]
    process = subprocess.Popen(tethered([*command, *rendered, f"--port={port}", "--host=127.0.0.1", "--enforce-eager"]))
    url = f"http://127.0.0.1:{port}"

    try:
        wait_until_served(process, f"{url}/health", START_TIMEOUT_S)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def test_the_small_model_answers_and_what_runs_is_observed(tmp_path: Path) -> None:
    model = served(tmp_path, "gcp-gke", SMALL)
    environment = {name: value for name, value in model.environment.items() if name not in OF_THE_POD}
    wrong = {"VLLM_VERSION": "0.0.1", "VLLM_MAX_MODEL_LEN": "512", "VLLM_GPU_MEMORY_UTILIZATION": "0.1"}
    with running(model) as url:
        backend = Backend(data_dir=tmp_path / "data", llm_url=url, **{**environment, **wrong})
        try:
            backend.ingest({"drain.md": "A pod that is stopped drains for two minutes before it ends."})
            done = dict(backend.stream("How long does a pod drain?", max_tokens=12))["done"]
            info = backend.http.get("/info").json()
        finally:
            backend.close()
        version = httpx.get(f"{url}/version", trust_env=False).json()["version"]
    assert done["token_count"] == 12 or done["finish_reason"] == "stop"
    assert (info["model_id"], info["vllm_version"]) == (model.model["VLLM_MODEL"], version)
    assert info["max_model_len"] == int(model.options["max-model-len"])
    assert info["gpu_memory_utilization"] == float(model.options["gpu-memory-utilization"])
    assert {info["prefix_caching"], info["kv_cache_dtype"]} <= {"True", "False", "auto"}
    assert {"dtype", "model_revision"} <= set(info["unconfirmed"])
    assert not {"model_id", "vllm_version", "max_model_len", "gpu_memory_utilization"} & set(info["unconfirmed"])
    assert info["declared"]["vllm_version"] == "0.0.1"
