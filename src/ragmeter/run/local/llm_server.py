"""The small LLM of the embedded default: llama.cpp's OpenAI-compatible server, in a process of its own.

Prints ``{"event": "listening", "url": …}`` when it accepts connections. Prompt caching is off: a question that was
asked before costs what it cost the first time, as it would with a new question.
"""

import argparse
import json
import os
import signal
import sys

import xllamacpp


def main(argv: list[str]) -> None:
    """Serve until a signal ends the process."""
    parser = argparse.ArgumentParser(prog="ragmeter.run.local.llm_server", description=__doc__)
    parser.add_argument("--model", required=True, help="a GGUF file")
    parser.add_argument("--name", required=True, help="the model id it answers to")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--parallel", type=int, required=True, help="requests decoded at once")
    parser.add_argument("--context-tokens", type=int, required=True, help="context of each of them")
    options = parser.parse_args(argv)
    server = xllamacpp.Server(_params(options))
    announcement = json.dumps({"event": "listening", "url": server.listening_address})
    os.write(1, f"\n{announcement}\n".encode())  # at once: llama.cpp's own threads write to the same place
    signal.pause()


def _params(options: argparse.Namespace) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.model_alias = {options.name}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = options.parallel
    params.n_ctx = options.context_tokens * options.parallel
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.endpoint_metrics = True
    params.cache_prompt = False
    params.cache_ram_mib = 0
    return params


if __name__ == "__main__":
    main(sys.argv[1:])
