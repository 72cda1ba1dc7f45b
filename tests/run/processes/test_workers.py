"""Load processes: they send one load together, their samples outlive them, and none of them outlives us."""

import asyncio
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import psutil
import pytest

from ragmeter.clients.connection.local_ports import share_of_ports
from ragmeter.core.campaign.events import Event, RequestEnded, RequestStarted, Tick
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import ErrorClass, RequestSample
from ragmeter.core.run.plan import CTRL_C, RunEnding
from ragmeter.core.schedule.phases import phases
from ragmeter.run.load.loader import fast_loop
from ragmeter.run.processes.messages import Connect
from ragmeter.run.processes.worker import allow_files
from ragmeter.run.processes.workers import Workers, worker_count
from ragmeter.run.session.measure import Conditions, measure
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import provider, workload
from tests.tethered import tethered
from tests.waiting import ctrl_c_when, when

SLOW = StreamScript(ttft_ms=150, itl_ms=5, tokens=4)
DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))  # for the server; load processes see to theirs
    with GroundTruthServer(StreamScript(ttft_ms=5, itl_ms=1, tokens=4), scripts={"slow": SLOW}, process=True) as it:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        yield it


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(2) as those:
        yield those


@dataclass(slots=True)
class Counting:
    sent: int = 0
    ended_so_far: list[RequestSample] = field(default_factory=list)
    ticks: int = 0

    def __call__(self, event: Event) -> None:
        self.ticks += isinstance(event, Tick)
        self.sent += isinstance(event, RequestStarted)
        if isinstance(event, RequestEnded):
            self.ended_so_far.append(event.sample)


def run(
    url: str, planned: Workload, workers: Workers, heard: Counting | None = None
) -> tuple[tuple[RequestSample, ...], RunEnding]:
    conditions = Conditions(
        provider=provider(url),
        origin_ns=time.monotonic_ns(),
        keep=lambda _sample: None,
        watch=lambda: None,
        emit=heard or Counting(),
        workers=workers,
    )
    return measure(planned, phases(planned), conditions)


def load_processes(of: Workers) -> list[psutil.Process]:
    """Those that send load, and not the tethers around them. Other tests of this process may have some, too."""
    tethers = {process.child.pid for process in of._processes}
    return [child for child in psutil.Process().children(recursive=True) if child.ppid() in tethers]


@pytest.mark.parametrize("shape", ["closed", "constant"])
def test_processes_send_every_request_once(server: GroundTruthServer, workers: Workers, shape: str) -> None:
    closed = shape == "closed"
    load = {"concurrency": 4, "rate_per_s": None} if closed else {"concurrency": None, "rate_per_s": 100.0}
    planned = workload(shape=shape, requests=21, warmup_requests=2, **load)
    samples, ending = run(server.base_url, planned, workers)
    assert (ending.status, ending.not_fit) == ("complete", ())
    assert sorted(sample.index for sample in samples) == list(range(23))
    assert all(sample.ok for sample in samples)
    assert ending.client_cpu_ratio is not None


def test_priority_of_the_processes_is_in_the_ending(server: GroundTruthServer, workers: Workers) -> None:
    _, ending = run(server.base_url, workload(), workers)
    ahead = [os.sched_getscheduler(process.pid) & os.SCHED_RR for process in load_processes(workers)]
    assert ending.real_time is all(ahead)


def test_processes_begin_a_phase_at_one_moment(server: GroundTruthServer, workers: Workers) -> None:
    """The starts of an open loop are those of the whole schedule, whichever process sends them."""
    planned = workload(shape="poisson", rate_per_s=200.0, requests=30, concurrency=None)
    (phase,) = phases(planned)
    samples, _ = run(server.base_url, planned, workers)
    offsets = phase.offsets_ns or ()
    began = {sample.scheduled_ns - offsets[sample.index] for sample in samples}
    assert len(samples) == 30
    assert len(began) == 1


def test_processes_are_started_once_and_serve_one_service_after_another(
    server: GroundTruthServer, workers: Workers
) -> None:
    run(server.base_url, workload(), workers)
    before = {process.pid for process in load_processes(workers)}
    run(server.url("slow"), workload(), workers)
    assert {process.pid for process in load_processes(workers)} == before
    assert len(before) == 2


@pytest.mark.skipif(share_of_ports(0, 2) is None, reason="a process chooses its ports since Linux 6.3")
@pytest.mark.privileged("capture")
def test_each_process_connects_from_ports_of_its_own(server: GroundTruthServer, workers: Workers) -> None:
    run(server.base_url, workload(concurrency=6, requests=12), workers)
    shares = [set(share_of_ports(number, 2) or ()) for number in range(2)]
    ports = [{at.laddr.port for at in process.net_connections("tcp")} for process in load_processes(workers)]
    assert all(ports)
    assert sorted(shares.index(share) for of_one in ports for share in shares if of_one <= share) == [0, 1]


def test_process_that_is_killed_is_named_and_its_samples_are_kept(server: GroundTruthServer, workers: Workers) -> None:
    run(server.base_url, workload(), workers)
    victim = load_processes(workers)[1]
    heard = Counting()
    thread = when(lambda: len(heard.ended_so_far) >= 6, victim.kill)
    samples, ending = run(server.url("slow"), workload(requests=400, concurrency=4), workers, heard)
    thread.join()
    assert ending.status == "interrupted"
    assert re.fullmatch(r"load process [01] \(pid \d+\) was ended by SIGKILL", str(ending.reason))
    assert ending.not_fit == (ending.reason,)
    assert len([sample for sample in samples if sample.ok]) >= 6
    assert {sample.index % 2 for sample in samples if sample.ok} == {0, 1}, "samples of both processes are kept"
    assert any(sample.error is ErrorClass.INTERRUPTED for sample in samples), "what the other one had in flight, too"


def test_run_after_a_process_died_has_processes_again(server: GroundTruthServer, workers: Workers) -> None:
    run(server.base_url, workload(), workers)
    load_processes(workers)[0].kill()
    samples, ending = run(server.base_url, workload(), workers)
    if ending.status == "interrupted":  # it died after it was looked at
        samples, ending = run(server.base_url, workload(), workers)
    assert (ending.status, len(samples)) == ("complete", 4)


def test_run_after_one_that_was_refused_or_stopped_is_not_disturbed(server: GroundTruthServer) -> None:
    """What the processes still had to say about the one is not taken for the other."""
    with Workers(3) as those:
        for _ in range(2):
            samples, ending = run("http://127.0.0.1:1", workload(concurrency=3), those)
            assert (samples, ending.status) == ((), "interrupted")
            assert str(ending.reason).startswith("cannot connect to http://127.0.0.1:1")
            heard = Counting()
            thread = ctrl_c_when(lambda: len(heard.ended_so_far) >= 3)  # noqa: B023
            _, ending = run(server.url("slow"), workload(requests=300, concurrency=3), those, heard)
            thread.join()
            assert ending.reason == CTRL_C
            samples, ending = run(server.base_url, workload(requests=9, concurrency=3), those)
            assert (ending.status, sorted(sample.index for sample in samples)) == ("complete", list(range(9)))


def test_process_that_says_nothing_any_more_is_replaced(server: GroundTruthServer) -> None:
    with Workers(2) as those:
        run(server.base_url, workload(), those)
        stuck = load_processes(those)
        before = {process.pid for process in stuck}
        stuck[0].suspend()
        heard = Counting()
        thread = ctrl_c_when(lambda: heard.ticks > 0)
        _, ending = run(server.base_url, workload(), those, heard)
        thread.join()
        assert ending.reason == CTRL_C
        samples, ending = run(server.base_url, workload(), those)
        assert (ending.status, len(samples)) == ("complete", 4)
        assert not before & {process.pid for process in load_processes(those)}


def test_ctrl_c_while_the_channels_are_opened_leaves_none_open() -> None:
    """At any step of the event loop, which would wait for one that nobody closes."""
    kept = []  # what still refers to a channel keeps it open

    async def cancelled_after(steps: int, those: Workers) -> None:
        async def entered() -> None:
            async with those.connected(cast("Connect", None)):
                raise AssertionError("nothing connects to nothing")

        task = asyncio.create_task(entered())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        kept.append(await asyncio.gather(task, return_exceptions=True))

    def sockets() -> int:
        return len(psutil.Process().net_connections(kind="unix"))

    with Workers(2) as those:
        left = []
        for steps in range(1, 12):
            with asyncio.Runner(loop_factory=fast_loop) as runner:
                runner.run(cancelled_after(steps, those))
            left.append(sockets())
    assert left == left[:1] * 11


def test_ctrl_c_stops_all_and_keeps_what_was_in_flight(server: GroundTruthServer, workers: Workers) -> None:
    heard = Counting()
    thread = ctrl_c_when(lambda: len(heard.ended_so_far) >= 4)
    samples, ending = run(server.url("slow"), workload(requests=400, concurrency=4), workers, heard)
    thread.join()
    assert (ending.status, ending.reason, ending.not_fit) == ("interrupted", CTRL_C, ())
    assert len(samples) == heard.sent
    assert sum(sample.error is ErrorClass.INTERRUPTED for sample in samples) == 4


def test_connections_beyond_the_limit_of_files_are_refused_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: set_to.append(limits))
    allow_files(4000)
    assert set_to == [(4096, 4096)]
    with pytest.raises(TargetError, match="5000 connections need 5064 file descriptors, and a process may have 4096"):
        allow_files(5000)


def test_two_thousand_streams_are_open_at_once(server: GroundTruthServer, workers: Workers) -> None:
    """More than the 1,024 files that a process may have open by default."""
    samples, ending = run(server.url("slow"), workload(requests=2000, concurrency=2000, timeout_s=60), workers)
    assert ending.status == "complete"
    assert sum(sample.ok for sample in samples) == 2000


def test_processes_are_gone_at_the_end(server: GroundTruthServer) -> None:
    with Workers(3) as those:
        run(server.base_url, workload(concurrency=3), those)
        mine = load_processes(those)
        assert len(mine) == 3
    assert not [process for process in mine if process.is_running()]


@pytest.mark.parametrize(
    ("load", "embedded", "cores", "count"),
    [
        ({"concurrency": 10}, False, 8, 1),
        ({"concurrency": 501}, False, 8, 2),
        ({"concurrency": 9000}, False, 8, 7),
        ({"concurrency": 9000}, True, 8, 1),
        ({"concurrency": 9000}, False, 1, 1),
        ({"concurrency": None, "rate_per_s": 1200.0}, False, 8, 3),
    ],
)
def test_there_are_as_many_processes_as_the_load_needs_and_the_cores_allow(
    load: dict[str, float], embedded: bool, cores: int, count: int
) -> None:
    assert worker_count(workload(**load), embedded=embedded, cores=cores) == count


ENDLESS = """
import sys, time
from ragmeter.run.session.measure import Conditions, measure
from ragmeter.core.schedule.phases import phases
from ragmeter.run.processes.worker import allow_files
from ragmeter.run.processes.workers import Workers
from tests.run.cases import provider, workload

planned = workload(requests=100_000, concurrency=4)
with Workers(2) as workers:
    conditions = Conditions(
        provider=provider(sys.argv[1]), origin_ns=time.monotonic_ns(), keep=lambda sample: print("one", flush=True),
        watch=lambda: None, workers=workers,
    )
    measure(planned, phases(planned), conditions)
"""


def test_processes_do_not_outlive_a_parent_that_is_killed(server: GroundTruthServer, tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", ENDLESS, server.base_url]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen(tethered(command), cwd=root, env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent:
        assert parent.stdout.readline() == "one\n"
        family = psutil.Process(parent.pid).children(recursive=True)
        assert len(family) >= 4
        parent.kill()
    _, alive = psutil.wait_procs(family, timeout=DEADLINE_S)
    assert alive == []
    assert [*tmp_path.iterdir()] == []
