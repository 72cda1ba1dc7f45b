"""The small model for real: the rendered settings start a language model server and the backend that asks it.

vLLM needs a GPU, so that llama.cpp's server takes its place; ``tox -e vllm`` gives the same command line to vLLM.
"""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ragmeter.run.local.service import model_file, model_package
from tests.backend.running import Backend
from tests.k8s.models import Served, served
from tests.tethered import tethered

OF_THE_POD = {"VLLM_BASE_URL", "RAG_DATA_DIR", "RAG_DRAIN_DELAY_SECONDS", "RAG_DRAIN_SECONDS"}
"""Addresses and paths inside a cluster, and the time that its Services need to look away."""


@contextmanager
def language_model(model: Served) -> Iterator[str]:
    """The URL of the weights of the package, under the name and with the context of vLLM's command line."""
    package = importlib.util.find_spec(model_package)
    assert package is not None
    assert package.origin is not None
    options = model.options
    command = [
        sys.executable,
        "-m",
        "ragmeter.run.local.llm_server",
        f"--model={Path(package.origin).parent / model_file}",
    ]
    command += [f"--name={options['served-model-name']}", f"--context-tokens={options['max-model-len']}"]
    command += ["--threads=1", "--parallel=1"]
    with subprocess.Popen(tethered(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            ready = next(line for line in iter(process.stdout.readline, "") if line.startswith('{"event": "listening"'))
            yield json.loads(ready)["url"]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return served(tmp_path_factory.mktemp("small"), "akamai-lke", "smollm2-135m")


def test_the_rendered_settings_start_a_backend_that_answers_with_the_small_model(model: Served, tmp_path: Path) -> None:
    environment = {name: value for name, value in model.environment.items() if name not in OF_THE_POD}
    with language_model(model) as url:
        backend = Backend(data_dir=tmp_path, llm_url=url, **environment)
        try:
            backend.ingest({"drain.md": "A pod that is stopped drains for two minutes before it ends."})
            assert backend.http.get("/readyz").json() == {"status": "ready"}
            events = backend.stream("How long does a pod drain?", max_tokens=12)
            info = backend.http.get("/info").json()
        finally:
            backend.close()
    done = dict(events)["done"]
    assert 0 < done["token_count"] <= 12
    assert done["model_id"] == info["model_id"] == model.model["VLLM_MODEL"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert info["max_model_len"] == int(model.options["max-model-len"])
    assert (info["model_revision"], info["dtype"]) == (model.options["revision"], model.options["dtype"])
    assert {"model_revision", "dtype", "backend_image_tag", "region"} <= set(info["unconfirmed"])
    assert not {"model_id", "max_model_len"} & set(info["unconfirmed"])
    assert (info["backend_image_tag"], info["provider"], info["region"]) == ("0.1.0", "akamai-lke", "us-ord")
