"""Runs that end early, with real processes: a clear sentence, every sample kept, nothing left running."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ragmeter.core.requests.records import ErrorClass, RequestSample
from ragmeter.core.run.plan import RunEnding
from ragmeter.run.store import read
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.e2e.jobs import Job, backend_alone, job, survivors
from tests.waiting import wait_until

LOAD = ["--bench-requests=5000", "--bench-warmup=0", "--bench-concurrency=4", "--bench-calibrate=off"]
LONG = [*LOAD, "-k", "test_slo or something"]
START_S = 240.0


@pytest.fixture(scope="module")
def llm() -> Iterator[GroundTruthServer]:
    """In the place of the LLM, where it is the rest that is to fail: so that requests are slow and cost nothing."""
    with GroundTruthServer(StreamScript(ttft_ms=150, itl_ms=10, tokens=8), process=True) as server:
        yield server


def record(started: Job) -> tuple[tuple[RequestSample, ...], RunEnding]:
    _, samples, ending = read(started.only(".raw.jsonl"))
    return samples, ending


def errors(samples: tuple[RequestSample, ...], error: ErrorClass) -> int:
    return sum(sample.error is error for sample in samples)


def test_backend_that_is_killed_ends_the_run(llm: GroundTruthServer, tmp_path: Path) -> None:
    with job(tmp_path, backend_alone(tmp_path, llm.base_url), *LONG) as started:
        started.wait_until(lambda: started.samples() >= 12, START_S)
        family = started.family()
        started.service("ragmeter.backend").kill()
        assert started.end() == pytest.ExitCode.TESTS_FAILED
        said = started.output
    assert "the measured service ended during the run: backend (pid " in said
    assert "was ended by SIGKILL; what was measured is in " in said
    assert "Traceback" not in said
    wait_until(lambda: not survivors(family), 60)
    samples, ending = record(started)
    assert sum(sample.ok for sample in samples) >= 12
    assert ending.status == "interrupted"
    result = json.loads(started.only(".json").read_text(encoding="utf-8"))
    assert (result["status"], result["outcome"]) != ("complete", "PASS")
    assert result["requests"] == len(samples)
    assert started.only(".html").stat().st_size > 1000


def test_ctrl_c_writes_what_there_is_and_leaves_nothing(llm: GroundTruthServer, tmp_path: Path) -> None:
    with job(tmp_path, backend_alone(tmp_path, llm.base_url), *LONG) as started:
        started.wait_until(lambda: started.samples() >= 12, START_S)
        family = started.family()
        started.process.send_signal(signal.SIGINT)
        assert started.end() == pytest.ExitCode.INTERRUPTED
        said = started.output
    assert "KeyboardInterrupt" in said
    assert ", 0 errors, " in said
    assert "failed: interrupted" not in said
    wait_until(lambda: not survivors(family), 60)
    samples, ending = record(started)
    assert (ending.status, ending.reason) == ("interrupted", "Ctrl-C")
    assert sum(sample.ok for sample in samples) >= 12
    assert errors(samples, ErrorClass.INTERRUPTED) == 4
    result = json.loads(started.only(".json").read_text(encoding="utf-8"))
    assert result["status"] == "interrupted"
    assert "interrupted: Ctrl-C" in result["warnings"]
    verdict = " ".join(said.partition("= verdict =")[2].split())
    assert "the run was interrupted" in verdict
    properties = ElementTree.parse(started.only(".xml")).iter("property")
    assert ("interrupted", True) in {(at.get("value"), at.get("name", "").startswith("status ")) for at in properties}
    assert '<article id="ragmeter-1"' in started.only(".html").read_text(encoding="utf-8")
    assert f"{started.only('.html').with_suffix('')}.{{json," in said


def test_kill_of_pytest_leaves_no_orphan_and_a_record_that_can_be_read(llm: GroundTruthServer, tmp_path: Path) -> None:
    with job(tmp_path, backend_alone(tmp_path, llm.base_url), *LONG) as started:
        started.wait_until(lambda: started.samples() >= 12, START_S)
        family = started.family()
        assert len(family) >= 2
        started.process.kill()
        started.end()
        wait_until(lambda: not survivors(family), 60)
        wait_until(lambda: not [*(tmp_path / "tmp").glob("ragmeter-*")], 60)
    samples, ending = record(started)
    assert sum(sample.ok for sample in samples) >= 12
    assert ending.reason == "the run ended without a word: its process was killed"


def test_llm_that_is_killed_ends_the_run(tmp_path: Path) -> None:
    """The embedded default, with its real LLM."""
    with job(tmp_path, "--provider=local", *LONG) as started:
        started.wait_until(lambda: started.samples() >= 2, START_S)
        family = started.family()
        started.service("ragmeter.run.local.llm_server").kill()
        assert started.end() == pytest.ExitCode.TESTS_FAILED
        said = started.output
    assert "the measured service ended during the run: LLM (pid " in said
    wait_until(lambda: not survivors(family), 60)
    samples, ending = record(started)
    assert len(samples) >= 2
    assert ending.status == "interrupted"


def test_ctrl_c_while_the_service_starts_leaves_nothing(llm: GroundTruthServer, tmp_path: Path) -> None:
    with job(tmp_path, backend_alone(tmp_path, llm.base_url), *LONG) as started:
        started.wait_until(lambda: len(started.family()) >= 2)
        family = started.family()
        started.process.send_signal(signal.SIGINT)
        assert started.end() == pytest.ExitCode.INTERRUPTED
    wait_until(lambda: not survivors(family), 60)
    assert not list(started.reports.glob("ns/*/*.raw.jsonl"))


def test_service_that_never_succeeds_in_the_warm_up_is_one_sentence(llm: GroundTruthServer, tmp_path: Path) -> None:
    """The real backend before an LLM that fails every time."""
    arguments = ["--bench-warmup=3", "--bench-calibrate=off", "-k", "something"]
    with job(tmp_path, backend_alone(tmp_path, llm.url("http_500")), *arguments) as started:
        assert started.end(START_S) == pytest.ExitCode.TESTS_FAILED
        said = started.output
    assert "all 3 warm-up requests failed; the last: " in said
    assert "Traceback" not in said
    samples, ending = record(started)
    assert len(samples) == 3
    assert ending.status == "interrupted"
