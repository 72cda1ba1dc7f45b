"""Three services with known delays as providers of one session: right verdicts, and nothing lost when it is cut."""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter.run.store import read
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.e2e.jobs import Job, job, survivors
from tests.waiting import wait_until

TTFT_MS = {"first": 120, "same": 120, "slower": 300}


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                GroundTruthServer(StreamScript(ttft_ms=ttft_ms, itl_ms=4, tokens=16), process=True)
            ).base_url
            for name, ttft_ms in TTFT_MS.items()
        }


def arguments(folder: Path, urls: dict[str, str], **benchmark: Any) -> list[str]:
    workload = {
        "schema": "workload.v1",
        "name": "tiny",
        "cache": {"kv": "natural"},
        "benchmark": {"requests": 24, "concurrency": 6, "warmup_requests": 6, "timeout": 20, **benchmark},
        "prompts": ["What is the time to first token?"],
    }
    (folder / "tiny.yaml").write_text(yaml.safe_dump(workload))
    for name, url in urls.items():
        document = {"schema": "provider.v1", "name": name, "base_url": url, "workload": str(folder / "tiny.yaml")}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(document))
    return [*(f"--provider={folder / name}.yaml" for name in urls), "-m", "north_south"]


def comparison(started: Job) -> dict[str, Any]:
    (path,) = started.reports.glob("ns/*/*.comparison.json")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_known_delays_get_the_right_verdicts(urls: dict[str, str], tmp_path: Path) -> None:
    with job(tmp_path, *arguments(tmp_path, urls, trials=5), "--bench-min-effect=40%") as started:
        assert started.end() == pytest.ExitCode.OK, started.output
        said = started.output
    found = {
        (pair["a"], pair["b"]): next(
            at for at in pair["metrics"] if (at["metric"], at["statistic"]) == ("ttft_ms", "p50")
        )
        for pair in comparison(started)["pairs"]
    }
    assert found["first", "same"]["decision"] == "NO_DIFFERENCE"
    for name in ("first", "same"):
        at = found[name, "slower"]
        assert at["decision"] == "A_BETTER"
        assert at["ratio"]["value"] == pytest.approx(300 / 120, rel=0.15)
    assert "5 interleaved pairs" in said


def test_ctrl_c_keeps_what_every_provider_measured(urls: dict[str, str], tmp_path: Path) -> None:
    with job(tmp_path, *arguments(tmp_path, urls, trials=500), "--bench-calibrate=off") as started:
        started.wait_until(lambda: started.samples() >= 3 * (6 + 2 * 24) + 5)
        family = started.family()
        started.process.send_signal(signal.SIGINT)
        assert started.end() == pytest.ExitCode.INTERRUPTED
        said = started.output
    wait_until(lambda: not survivors(family), 60)
    records = [read(path) for path in sorted(started.reports.glob("ns/*/*.raw.jsonl"))]
    assert [plan.provider for plan, _, _ in records] == ["first", "same", "slower"]
    assert len({plan.interleaving for plan, _, _ in records}) == 1
    for _, samples, ending in records:
        assert (ending.status, ending.reason) == ("interrupted", "Ctrl-C")
        assert sum(part.whole for part in ending.parts if part.name == "measured") >= 2
        assert len(samples) >= 6 + 2 * 24
    assert len(list(started.reports.glob("ns/*/*.comparison.html"))) == 1
    assert "block 3 is incomplete: " in said
