"""A signal that ends a command ends it in order: one sentence, the status of the signal, nothing left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import yaml

from ragmeter.testing import GroundTruthServer, StreamScript
from tests.tethered import tethered
from tests.waiting import wait_until

WAIT_S = 60.0
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
PROGRAM = [sys.executable, "-c", "import sys; from ragmeter.cli import main; sys.exit(main())"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    return tmp_path


def command(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        tethered([*PROGRAM, *arguments]),
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder / "tmp")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    """Its status, and what it said, after the signal. Nothing of it runs any more."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    said, complained = process.communicate(timeout=WAIT_S)
    gone, alive = psutil.wait_procs(family, WAIT_S)
    assert not alive, gone
    return process.returncode, said + complained


def reads_a_pipe(folder: Path) -> "subprocess.Popen[str]":
    """A command in the middle of its work: it waits for a file that nobody writes."""
    os.mkfifo(folder / "manifest.yaml")
    process = command(folder, "validate", "manifest.yaml")
    wait_until(lambda: writer(folder / "manifest.yaml"), WAIT_S)
    return process


def writer(pipe: Path) -> int | None:
    """The pipe, once somebody reads it; it stays open until this process ends."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_a_command_with_a_sentence_and_its_own_status(folder: Path, number: signal.Signals) -> None:
    with reads_a_pipe(folder) as process:
        assert ended(process, number) == (-number, f"ragmeter: ended by {number.name}\n")
    assert [*(folder / "tmp").iterdir()] == []


@pytest.fixture
def service(folder: Path) -> Iterator[str]:
    with GroundTruthServer(StreamScript(ttft_ms=50, itl_ms=10, tokens=6), process=True) as server:
        path = folder / "mine.yaml"
        path.write_text(yaml.safe_dump({"schema": "provider.v1", "name": "mine", "base_url": server.base_url}))
        yield f"--provider={path}"


def test_load_that_is_ended_keeps_what_it_measured(folder: Path, service: str) -> None:
    settings = ["--set", "benchmark.requests=100000", "--workload=light", "--output=run.plan"]
    with command(folder, "plan", service, *settings) as planning:
        assert planning.wait(WAIT_S) == 0
    at = (datetime.now(UTC) + timedelta(seconds=15)).isoformat()
    sends = ["load", "run.plan", service, "--shard=0", "--of=1", f"--start-at={at}", "--calibrate=off"]
    record = folder / "run.raw.jsonl"
    with command(folder, *sends, f"--output={record.name}") as process:
        wait_until(lambda: record.exists() and record.read_bytes().count(b'\n{"sample":') > 5, WAIT_S)
        status, said = ended(process, signal.SIGTERM)
    assert (status, "Traceback" in said) == (1, False), said
    assert '"ending":{"status":"interrupted"' in record.read_text(encoding="utf-8").splitlines()[-1].replace(" ", "")
    assert [*(folder / "tmp").iterdir()] == []


def test_signal_that_is_ignored_stays_ignored(folder: Path) -> None:
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with reads_a_pipe(folder) as process:
            process.send_signal(signal.SIGHUP)
            assert ended(process, signal.SIGTERM)[0] == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGHUP, before)
