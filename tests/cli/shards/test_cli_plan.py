"""``ragmeter plan``: what a gate on the planned run can decide, and what the plan takes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter.cli import EXIT_ERROR, main
from ragmeter.core.run.saved import SavedRun
from ragmeter.run.store import read_plan
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.saved import saved_run, write_raw

SHEET = {
    "as_of": "2026-06-30",
    "source": "mine",
    "cpu_node_usd_per_hr": 36.0,
    "cpu_node_count": 1,
    "gpu_node_count": 0,
    "cluster_mgmt_usd_per_hr": 0,
}
WORKLOAD: dict[str, Any] = {
    "schema": "workload.v1",
    "name": "shared",
    "cache": {"kv": "natural"},
    "benchmark": {"requests": 61, "warmup_requests": 0, "timeout": 10, "trials": 5},
    "load": {"shape": "constant", "rate_per_s": 2},
    "prompts": ["Why?", "How?", "When?"],
}
PLAN = ["plan", "--provider", "./mine.yaml", "--workload", "./shared.yaml", "--output"]


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(StreamScript(ttft_ms=20, itl_ms=1, tokens=4)) as it:
        yield it


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: GroundTruthServer) -> Path:
    monkeypatch.chdir(tmp_path)
    document = {"schema": "provider.v1", "name": "mine", "base_url": server.base_url, "cost": SHEET}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(document))
    (tmp_path / "shared.yaml").write_text(yaml.safe_dump(WORKLOAD))
    return tmp_path


def session(here: Path, provider: str, day: int, factors: tuple[float, ...] = (1.0, 1.02, 0.98)) -> SavedRun:
    """A saved run of the workload, of a session of that day."""
    path = here / "asked.raw.jsonl"
    if not path.exists():
        assert main([*PLAN, str(path)]) == 0
    run = saved_run(
        provider, factors, seed=day, started_at=f"2026-03-0{day}T10:00:00+00:00", run_id=f"{provider}-{day}"
    )
    run = replace(run, plan=replace(run.plan, workload=read_plan(path).workload))
    write_raw(here / "kept", replace(run, path=f"{provider}-{day}.raw.jsonl"))
    return run


def said(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([*PLAN, "run.plan.raw.jsonl", *more])
    out, err = capsys.readouterr()
    return code, out, err


def test_without_saved_runs_the_least_that_the_plan_takes_is_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five schedules of 30 s, at 36 USD an hour."""
    code, out, err = said(capsys)
    assert (code, err) == (0, "")
    assert "the plan takes at least 2.5 min and 1.50 USD; the warm-up will tell how much more" in out.splitlines()


def test_an_slo_that_the_plan_cannot_show_is_told_with_what_would(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "--set", "benchmark.requests=10", "--slo", "p95(ttft_ms) <= 900")
    assert code == 0
    assert err.startswith(
        "ragmeter: warning: --slo: SLO of mine-shared: p95(ttft_ms) <= 900: 10 requests in each of 5 "
    )
    assert "--set benchmark.requests=" in err


@pytest.mark.parametrize("named", ["kept", "last"])
def test_saved_sessions_tell_what_a_gate_can_decide_and_what_the_plan_takes(
    here: Path, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    for day in (1, 2, 3):
        session(here, "mine", day)
    if named == "last":
        (here / "reports" / "ns").mkdir(parents=True)
        (here / "kept").rename(here / "reports" / "ns" / "mine")
    code, out, _ = said(capsys, "--baseline", named)
    assert code == 0
    assert ("--baseline: 3 saved sessions can decide about a change of " in out) == (named == "kept")
    assert "; 5 % is what matters" in out or named == "last"
    assert "the plan takes about 2.54 min (2.5" in out
    assert "as nine of ten sessions like the " in out


def test_a_run_of_another_provider_tells_how_many_trials_a_gate_on_pairs_needs(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session(here, "mine", 1)
    session(here, "other", 2)
    asked = ["--baseline", "kept/mine-1.raw.jsonl", "--reference", "kept/other-2.raw.jsonl", "--min-effect", "0.1"]
    code, out, _ = said(capsys, *asked)
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith("--reference: 'other': a gate on pairs needs ")]
    assert " to decide about a change of 10 % of" in line
    assert line.endswith("by the spread of the last runs; 5 are planned")
    (here / "run.plan.raw.jsonl").unlink()
    assert "if their trials differ by 5 %; 5 are planned" in said(capsys, *asked[2:])[1]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--baseline", "nowhere"], "--baseline: 'nowhere'"),
        (["--reference", "kept"], "--reference: 'kept' is no file; write a raw record, which tells its provider"),
        (["--set", "load.rate_per_s=9", "--baseline", "kept"], "kept/mine-1.raw.jsonl: is of another workload"),
    ],
)
def test_runs_that_tell_nothing_are_refused_and_nothing_is_planned(
    here: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    session(here, "mine", 1)
    code, _, err = said(capsys, *more)
    assert code == EXIT_ERROR
    assert words in err
    assert not Path("run.plan.raw.jsonl").exists()
