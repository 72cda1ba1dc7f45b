"""``ragmeter plan``, ``load`` and ``merge``: one run sent by several processes."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from ragmeter.cli import EXIT_ERROR, main
from ragmeter.report.text.live import CLEAR
from ragmeter.run.store import read
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.tethered import tethered
from tests.waiting import wait_until

COMMAND = [str(Path(sys.executable).with_name("ragmeter"))]
PROVIDER = "mine.yaml"
SECRET = "s3cret-of-a-test"
SLOW = StreamScript(ttft_ms=400, itl_ms=1, tokens=2)


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(StreamScript(ttft_ms=20, itl_ms=1, tokens=4), scripts={"slow": SLOW}, process=True) as it:
        yield it


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: GroundTruthServer) -> Path:
    """A folder with a provider, a workload of 30 requests a second, and a plan of it."""
    document = {
        "schema": "provider.v1",
        "name": "mine",
        "base_url": server.base_url,
        "headers": {"authorization": "Bearer ${TOKEN}"},
    }
    workload = {
        "schema": "workload.v1",
        "name": "shared",
        "cache": {"kv": "natural"},
        "benchmark": {"requests": 30, "warmup_requests": 4, "timeout": 10},
        "load": {"shape": "constant", "rate_per_s": 60},
        "prompts": ["Why?", "How?", "When?"],
    }
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv(
        "TMPDIR", str(tmp_path)
    )  # of load processes: one that is killed cannot remove what it keeps there
    (tmp_path / PROVIDER).write_text(yaml.safe_dump(document))
    (tmp_path / "shared.yaml").write_text(yaml.safe_dump(workload))
    assert (
        main(["plan", "--provider", f"./{PROVIDER}", "--workload", "./shared.yaml", "--output", "plan.raw.jsonl"]) == 0
    )
    return tmp_path


def load(number: int, count: int, at: datetime, *more: str, stderr: int = subprocess.STDOUT) -> "subprocess.Popen[str]":
    """One load process, as a pod would run it."""
    arguments = ["load", "plan.raw.jsonl", "--provider", f"./{PROVIDER}", "--shard", str(number), "--of", str(count)]
    arguments += ["--start-at", at.isoformat(), "--output", f"{number}.raw.jsonl", *more]
    return subprocess.Popen(tethered([*COMMAND, *arguments]), stdout=subprocess.PIPE, stderr=stderr, text=True)


def everything_from(terminal: int) -> str:
    """What is written on the terminal until its last writer is gone."""
    written = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            written += os.read(terminal, 65536)
        except OSError:  # the other end was closed
            break
    os.close(terminal)
    return written.decode()


def started_together(count: int, *more: str) -> "list[subprocess.Popen[str]]":
    """Processes that have connected in time: on a busy machine they take seconds to start, so the start moves on."""
    for ahead_s in (10, 30, 90):
        at = datetime.now(UTC) + timedelta(seconds=ahead_s)
        processes = [load(number, count, at, *more) for number in range(count)]
        while datetime.now(UTC) < at:
            if any(process.poll() == EXIT_ERROR for process in processes):
                break
            time.sleep(0.05)
        if all(Path(f"{number}.raw.jsonl").exists() for number in range(count)):
            return processes
        for number, process in enumerate(processes):
            process.kill()
            process.communicate(timeout=60)
            Path(f"{number}.raw.jsonl").unlink(missing_ok=True)
    raise AssertionError("no common start was late enough")


def test_three_processes_send_one_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    processes = started_together(3, "--phase-every", "0.5")
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert main(["merge", *(f"{number}.raw.jsonl" for number in range(3)), "--output", "whole.raw.jsonl"]) == 0
    _, samples, ending = read(here / "whole.raw.jsonl")
    assert sorted(s.index for s in samples) == list(range(34))
    assert all(s.ok for s in samples)
    assert ending.status == "complete"
    offsets = sorted(s.scheduled_ns for s in samples if s.phase == "measured")
    assert [round(offset / 1e6) for offset in offsets] == [round(500 + place * 1000 / 60) for place in range(30)]
    assert main(["render", "whole.raw.jsonl", "--json", "whole.json"]) == 0
    assert "30 measured + 4 warm-up requests" in capsys.readouterr().out
    result = json.loads((here / "whole.json").read_text())
    assert result["harness"]["offered_rate_per_s"] == pytest.approx(60, rel=0.01)
    assert result["harness"]["calibration"]["rate_per_s"] == 60 / 3
    assert result["duration_seconds"] >= 27 / 60  # every third start: so far apart are the first and the last of one


def test_process_that_is_killed_is_named_and_the_run_invalid(
    here: Path, server: GroundTruthServer, capsys: pytest.CaptureFixture[str]
) -> None:
    processes = started_together(2, "--calibrate=off", "--base-url", server.url("slow"))
    record = here / "1.raw.jsonl"
    wait_until(lambda: record.exists() and b'"phase": "measured"' in record.read_bytes(), 30)
    processes[1].kill()
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, -signal.SIGKILL]
    assert main(["merge", "0.raw.jsonl", "1.raw.jsonl", "--output", "whole.raw.jsonl"]) == 0
    assert main(["render", "whole.raw.jsonl", "--json", "whole.json"]) == 0
    result = json.loads((here / "whole.json").read_text())
    assert result["outcome"] == "INVALID"
    why = "load shard 1 of 2 ended early: the run ended without a word: its process was killed"
    assert result["harness"]["reasons"][0] == why
    assert 15 < result["requests"] < 30


def test_load_draws_its_progress_on_a_terminal_and_is_quiet_elsewhere(here: Path) -> None:
    ours, theirs = pty.openpty()
    at = datetime.now(UTC) + timedelta(seconds=15)
    drawing = load(0, 1, at, "--calibrate=off", stderr=theirs)
    os.close(theirs)
    quiet = load(1, 2, at, "--calibrate=off", "--phase-every=1")
    drawn = everything_from(ours)
    said = [process.communicate(timeout=60)[0].splitlines() for process in (drawing, quiet)]
    assert drawing.returncode == quiet.returncode == 0, said
    assert CLEAR in drawn
    assert "shard 0 of 1 measured 30/30  0 errors" in drawn
    assert [line.rpartition(": ")[0].partition(": ")[2] for lines in said for line in lines] == [
        "shard 0 of 1 complete",
        "shard 1 of 2 complete",
    ]


def test_phases_of_a_closed_loop_of_several_processes_need_their_distance(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = ["plan", "--provider", f"./{PROVIDER}", "--workload", "./closed.yaml", "--output", "closed.raw.jsonl"]
    document = yaml.safe_load((here / "shared.yaml").read_text())
    del document["load"]
    (here / "closed.yaml").write_text(yaml.safe_dump(document))
    assert main(plan) == 0
    assert "several shards: the warmup phase is a closed loop without a duration" in capsys.readouterr().out
    asked = ["load", "closed.raw.jsonl", "--provider", f"./{PROVIDER}", "--shard", "0", "--output", "x.raw.jsonl"]
    assert main([*asked, "--of", "2", "--start-at", "2100-02-22T10:15:30Z"]) == 2
    assert "give benchmark.duration, or --phase-every" in capsys.readouterr().err
    assert not list(here.glob("x.*"))


def test_plan_says_when_the_last_phase_of_several_shards_begins(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["plan", "--provider", f"./{PROVIDER}", "--workload", "./shared.yaml", "--output", "other.raw.jsonl"]
    assert main(arguments) == 0
    assert "2 phases; those of several shards begin together: the last, the measured phase of trial 1, 11 s after" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is not a raw record of a run: its first line has no plan"),
        ("garbage\n", "is not a raw record of a run: its first line has no plan"),
        ('{"plan": {}}\n', "x.raw.jsonl:1: $.run_id: "),
        ('{PLAN}\n{"sample": {"index": "one"}}\n{"ending": {"status": "complete"}}\n', "x.raw.jsonl:2: $.index: "),
        ("{PLAN}\ngarbage\n{PLAN}\n", "x.raw.jsonl:2: not JSON: "),
    ],
)
def test_shard_with_bad_content_is_one_sentence_with_its_line(
    here: Path, capsys: pytest.CaptureFixture[str], content: str, words: str
) -> None:
    plan = (here / "plan.raw.jsonl").read_text().splitlines()[0]
    (here / "x.raw.jsonl").write_text(content.replace("{PLAN}", plan))
    assert main(["merge", "x.raw.jsonl", "--output", "whole.raw.jsonl"]) == EXIT_ERROR
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1
    assert not (here / "whole.raw.jsonl").exists()


def test_plan_holds_no_secret(here: Path) -> None:
    assert SECRET not in (here / "plan.raw.jsonl").read_text()


def test_plan_takes_values_and_slos_of_its_own(here: Path) -> None:
    arguments = ["plan", "--provider", f"./{PROVIDER}", "--workload", "./shared.yaml", "--output", "other.raw.jsonl"]
    assert main([*arguments, "--set", "benchmark.requests=7", "--slo", "errors <= 0"]) == 0
    plan, samples, _ = read(here / "other.raw.jsonl")
    assert (plan.workload.requests, samples) == (7, ())
    assert [(slo.expression, slo.origin) for slo in plan.slos] == [("errors <= 0", "--slo")]


GOOD = ["load", "plan.raw.jsonl", "--provider", f"./{PROVIDER}", "--shard", "0", "--of", "2", "--output", "x.raw.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*GOOD, "--start-at", "soon"], "--start-at: 'soon' is not a time with its zone"),
        ([*GOOD, "--start-at", "2026-02-22T10:15:30"], "is not a time with its zone"),
        ([*GOOD, "--start-at", "2020-02-22T10:15:30Z"], "the common start 2020-02-22T10:15:30+00:00 passed"),
        (
            [*GOOD, "--start-at", "2020-02-22T10:15:30Z", "--shard", "2"],
            "--shard: 2 is not from 0 to 1, as --of 2 says",
        ),
        ([*GOOD, "--start-at", "2020-02-22T10:15:30Z", "--phase-every", "0"], "--phase-every: 0.0 is not > 0"),
        (["plan", "--provider", "local", "--output", "x.raw.jsonl"], "an embedded service is started by pytest alone"),
        (["plan", "--provider", f"./{PROVIDER}", "--output", "x.raw.jsonl", "--set", "x"], "'x' is not KEY=VALUE"),
        (["merge", "plan.raw.jsonl", "--output", "x.raw.jsonl"], "plan.raw.jsonl: is the record of a whole run"),
        (["merge", "plan.raw.jsonl", "--output", "x.json"], "x.json: the name of a raw record ends in .raw.jsonl"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err
    assert not list(here.glob("x.*"))
