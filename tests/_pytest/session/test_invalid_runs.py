"""Each rule by which a client is not fit to measure, and a client that really is not: exit status 10 and the reason."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragmeter._pytest.hooks.unfit import EXIT_INVALID
from ragmeter.testing import GroundTruthServer, StreamScript
from tests._pytest.project import Project

pytestmark = pytest.mark.usefixtures("fresh_load_processes")

JUDGED = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())
"""
STOPPED = """
    import signal, threading, time
    import pytest
    from tests.families import running

    def load_processes():
        return running("ragmeter.run.processes.worker")

    @pytest.fixture
    def stopped_now_and_then():
        over = threading.Event()
        def stop():
            while not over.wait({runs_s}):
                for process in load_processes():
                    process.send_signal(signal.SIGSTOP)
                time.sleep({stopped_s})
                for process in load_processes():
                    process.send_signal(signal.SIGCONT)
        thread = threading.Thread(target=stop)
        thread.start()
        yield
        over.set()
        thread.join()

    def test_slo(stopped_now_and_then, run_workload, slo):
        slo.check(run_workload())
"""
BUSY = """
import threading, time
from ragmeter.run.load.priority import take_priority
def compute():
    take_priority()
    while True:
        until = time.monotonic() + {busy_s}
        while time.monotonic() < until:
            pass
        time.sleep({idle_s})
threading.Thread(target=compute, daemon=True).start()
"""
SMALL_RING = """
import ragmeter.clients.capture.captured as captured
whole = captured.PacketRing
captured.PacketRing = lambda *ports: whole(*ports, frames=256)
"""
# A thread of normal priority beside busy processes cannot use most of a core, so what computes takes real time.
GATE = "--bench-slo=p50(ttft_ms) <= 9000"


def load_process_does(project: Project, tmp_path: Path, source: str) -> None:
    """The load processes of the run do this, too, from their start on."""
    body = "\n".join(f"    {line}" for line in source.strip().splitlines())
    program = f"import sys\nif 'ragmeter.run.processes.worker' in sys.orig_argv:\n{body}\n"
    folder = tmp_path / "beside"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(program, encoding="utf-8")
    project.patch.setattr(sys, "path", [str(folder), *sys.path])


def invalid(project: Project, outcome: pytest.RunResult, words: str) -> None:
    """Assert that nothing but the client failed, and that the run says so in the words of the rule."""
    assert outcome.ret == EXIT_INVALID
    outcome.stdout.fnmatch_lines([f"INVALID: tiny @ mine: p50(ttft_ms) = * not valid: *{words}*"])
    assert project.result()["outcome"] == "INVALID"


def test_schedule_that_nothing_can_keep_misses_its_rate(project: Project) -> None:
    project.suite(JUDGED)
    outcome = project.run(GATE, "--bench-shape=constant", "--bench-rate=1000000", "--bench-requests=300")
    invalid(project, outcome, "the client sent * requests/s where the schedule wanted 1e+06 (-*%)")


def test_load_process_that_is_stopped_now_and_then_is_late(project: Project) -> None:
    project.suite(STOPPED.format(runs_s=0.05, stopped_s=0.03))
    outcome = project.run(GATE, "--bench-shape=constant", "--bench-rate=100", "--bench-requests=200")
    invalid(project, outcome, "requests left up to * ms late (p99), more than 1 ms")


@pytest.mark.privileged("real_time")
def test_load_process_that_computes_beside_its_load_uses_too_much_of_its_core(project: Project, tmp_path: Path) -> None:
    load_process_does(project, tmp_path, BUSY.format(busy_s=1, idle_s=0))
    project.suite(JUDGED)
    outcome = project.run(GATE, "--bench-requests=40")
    invalid(project, outcome, "the client used * of its core, more than 85%")


@pytest.mark.privileged("capture")
def test_capture_without_room_for_the_packets_is_counted(project: Project, tmp_path: Path) -> None:
    load_process_does(project, tmp_path, SMALL_RING)
    project.suite(STOPPED.format(runs_s=0.2, stopped_s=0.4))
    with GroundTruthServer(StreamScript(ttft_ms=20, itl_ms=2, tokens=200), process=True) as server:
        project.provider(base_url=server.base_url)
        outcome = project.run(GATE, "--bench-requests=64", "--bench-concurrency=32", "--bench-clock=capture")
    invalid(project, outcome, "the capture ring overflowed: * packets dropped in trial 1")


@pytest.fixture
def quick() -> Iterator[GroundTruthServer]:
    """Answers at once, so that little of the error of a client is much of the figure."""
    with GroundTruthServer(StreamScript(ttft_ms=0, itl_ms=1, tokens=4), process=True) as running:
        yield running


@pytest.mark.alone  # beside busy processes the server is late, too, and the error is less of the figure
@pytest.mark.privileged("real_time")
def test_figure_that_is_mostly_the_clients_own_error_is_not_judged(
    project: Project, tmp_path: Path, quick: GroundTruthServer
) -> None:
    """A thread holds the interpreter two thirds of the time: not the whole core, but answers are seen late."""
    load_process_does(project, tmp_path, BUSY.format(busy_s=0.012, idle_s=0.006))
    project.suite(JUDGED)
    project.provider(base_url=quick.base_url)
    clock = ("--bench-clock=user", "--bench-calibrate=on")
    outcome = project.run(GATE, "--bench-requests=40", "--bench-concurrency=1", *clock)
    invalid(
        project, outcome, "the client itself is off by up to * ms (p50 of its ttft_ms in calibration), more than 5%"
    )
