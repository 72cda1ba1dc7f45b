"""The engine in a dozen lines of somebody else's program, without pytest."""

import subprocess
import sys
from pathlib import Path

from ragmeter.testing import GroundTruthServer, StreamScript
from tests.tethered import tethered

PROVIDER = "schema: provider.v1\nname: mine\nbase_url: {url}\n"
WORKLOAD = """
schema: workload.v1
name: tiny
benchmark: {requests: 6, concurrency: 2, warmup_requests: 1}
prompts: ["Why?"]
"""
PROGRAM = """
import sys
from pathlib import Path

from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import RequestEnded, RunEnded
from ragmeter.run.engine.campaign import measure_campaign
from ragmeter.run.engine.engine import engine_of
from ragmeter.run.engine.here import Here
from ragmeter.run.engine.settings import Settings
from ragmeter.run.plan.catalog import load_provider, load_workload

if __name__ == "__main__":
    case = Case(provider=load_provider("./mine.yaml", environment={}), workload=load_workload("./tiny.yaml"), slos=())
    settings = Settings(stamp="20260222T101530Z", raw_path=lambda case: Path(f"{case.id}.raw.jsonl"), calibrate=False)
    events = []
    with engine_of([case], settings, emit=events.append) as engine:
        measure_campaign([case], engine, Here())
    (ended,) = [event for event in events if isinstance(event, RunEnded)]
    print(ended.result.status, ended.result.requests, sum(isinstance(event, RequestEnded) for event in events))
    print(ended.run.path, "pytest" in sys.modules)
"""


def test_a_dozen_lines_measure_a_service_without_pytest(tmp_path: Path) -> None:
    with GroundTruthServer(StreamScript(ttft_ms=2, itl_ms=1, tokens=4), process=True) as server:
        texts = {"mine.yaml": PROVIDER.format(url=server.base_url), "tiny.yaml": WORKLOAD, "program.py": PROGRAM}
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        command = tethered([sys.executable, "program.py"])
        ran = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.splitlines() == ["complete 6 7", "mine-tiny.raw.jsonl False"]
        assert len(server.truths()) == 7
