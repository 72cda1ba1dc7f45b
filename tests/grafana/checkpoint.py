"""The small model of the project as a checkpoint that vLLM reads: ``python -m tests.grafana.checkpoint FOLDER``.

The package has a quantised GGUF file. It is read and dequantised by transformers, which wants gguf and accelerate.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from ragmeter.run.local.service import model_file, model_package


def write_checkpoint(folder: Path) -> None:
    """A folder with configuration, weights in bfloat16 and tokenizer."""
    spec = find_spec(model_package)
    assert spec is not None, f"{model_package} is not installed"
    assert spec.origin is not None, f"{model_package} has no folder"
    source = {"pretrained_model_name_or_path": Path(spec.origin).parent, "gguf_file": model_file}
    model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.bfloat16)
    del model.config.quantization_config  # of the file that was read, not of the one that is written
    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    tied = {"lm_head.weight"}  # the same tensor as the embedding, which is the one that vLLM looks for
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items() if name not in tied}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    AutoTokenizer.from_pretrained(**source).save_pretrained(folder)


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[1]))
