"""aiperf, a whole load tool, against the same server: what its report says of TTFT and ITL, beside the truth.

A tool runs as its users run it: its own processes, on all cores, with a closed loop of as many requests as streams.
It dates requests by ids of its own, so each is compared with what the script says, and the server's lateness is small.
"""

import json
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.performance.stream_truth import Script, truth_server

TIMEOUT_S = 240.0
ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a tool said of each request and gap, less the truth, in µs. rss_mb: of the largest of its processes."""

    ttft_us: list[float]
    itl_us: list[float]
    rss_mb: float


def aiperf(program: Path, script: Script, streams: int, *, prefix: list[str]) -> Reported | None:
    """None when it did not end in time, or not well. prefix: of the server's command."""
    with TemporaryDirectory() as folder, truth_server(script, prefix=prefix) as server:
        _write_tokenizer(Path(folder, "tokenizer"))
        command = [str(program.resolve()), "profile", *_arguments(server.base_url, streams)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S, cwd=folder)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
        records = [json.loads(line) for line in Path(folder, "out", "profile_export.jsonl").read_text().splitlines()]
    measured = [each["metrics"] for each in records if each["metadata"]["benchmark_phase"] == "profiling"]
    return Reported(
        ttft_us=[(_ms(each, "time_to_first_token") - script.ttft_ms) * 1e3 for each in measured],
        itl_us=[(gap - script.itl_ms) * 1e3 for gap in chain.from_iterable(map(_gaps_ms, measured))],
        rss_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    )


def _arguments(base_url: str, streams: int) -> Iterator[str]:
    yield from ("--model", "ground-truth", "--url", base_url, "--endpoint-type", "chat", "--streaming")
    yield from ("--concurrency", str(streams), "--request-count", str(ROUNDS * streams))
    yield from ("--warmup-request-count", str(streams), "--isl", "8", "--tokenizer", "./tokenizer")
    yield from ("--artifact-dir", "out", "--ui", "none")


def _write_tokenizer(folder: Path) -> None:
    """The tool wants one to make prompts of; what it makes of them is of no account here."""
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


def _ms(metrics: dict[str, Any], name: str) -> float:
    return float(metrics[name]["value"])


def _gaps_ms(metrics: dict[str, Any]) -> list[float]:
    gaps: list[float] = metrics["inter_chunk_latency"]["value"]
    return gaps
