"""A run of the suite against a backend under test, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from ragmeter.core.codec import decode
from ragmeter.core.requests.records import RequestSample
from tests.backend.running import REPOSITORY
from tests.programs import AS_A_USER


def run_suite(folder: Path, url: str, *, requests: int, **provider: str) -> list[RequestSample]:
    """The samples of one workload without a warm-up. provider: further keys of the provider file.

    Results lie in ``folder/ns/here``, the page at ``folder/page.html``.
    """
    load = {"requests": requests, "concurrency": 4, "warmup_requests": 0, "timeout": 60, "max_output_tokens": 8}
    workload = {"schema": "workload.v1", "name": "agreement", "benchmark": load, "prompts": ["What is a token?"]}
    here = {"schema": "provider.v1", "name": "here", "base_url": url, "workload": str(folder / "agreement.yaml")}
    for name, document in (("agreement", workload), ("here", here | provider)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "bench", "-m", "north_south", f"--provider={folder / 'here.yaml'}"]
    command += [f"--bench-report-dir={folder}", "--bench-progress=off", "-p", "no:cacheprovider", *AS_A_USER]
    command += [f"--html={folder / 'page.html'}"]
    suite = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    records = list(folder.glob("ns/here/*.raw.jsonl"))
    assert len(records) == 1, suite.stdout + suite.stderr
    lines = [json.loads(line) for line in records[0].read_text(encoding="utf-8").splitlines()]
    return [decode(RequestSample, line["sample"], where="record") for line in lines if "sample" in line]
