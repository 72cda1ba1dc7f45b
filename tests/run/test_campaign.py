"""Several systems in blocks: what one of them suffers costs the others nothing."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ragmeter.core.blocks import in_order
from ragmeter.core.records import ErrorClass
from ragmeter.run.campaign import Arm, Pace, run_campaign
from ragmeter.run.measure import CTRL_C, Conditions
from ragmeter.run.single import Silent
from ragmeter.run.store import SampleLog, read
from ragmeter.run.workers import Workers
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import plan, provider, workload

SCRIPTS = {"slow": StreamScript(ttft_ms=150, itl_ms=5, tokens=4)}


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(StreamScript(ttft_ms=2, itl_ms=1, tokens=4), scripts=SCRIPTS, process=True) as running:
        yield running


@dataclass(slots=True)
class Field:
    """A campaign and what it said."""

    folder: Path
    workers: Workers
    arms: list[Arm] = field(default_factory=list)
    told: list[tuple[str, int | None]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def arm(self, label: str, url: str, watch: Callable[[], str | None] = lambda: None, **planned: Any) -> Arm:
        log = SampleLog(self.folder / f"{label}.raw.jsonl")
        log.plan(plan(provider=label))
        conditions = Conditions(
            provider=provider(url),
            origin_ns=time.monotonic_ns(),
            keep=log.sample,
            watch=watch,
            observer=Silent(),
            workers=self.workers,
        )
        arm = Arm(label=label, workload=workload(**planned), conditions=conditions, log=log)
        self.arms.append(arm)
        return arm

    def run(self, trials: int, cool_down_s: float = 0.0) -> None:
        pace = Pace(
            trials=trials,
            cool_down_s=cool_down_s,
            announce=lambda arm, block: self.told.append((arm.label, block)),
            say=self.said.append,
        )
        run_campaign(self.arms, pace)
        for arm in self.arms:
            arm.log.close()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """One load process for all tests: each would wait for one of its own."""
    with Workers() as started:
        yield started


@pytest.fixture
def bench(tmp_path: Path, workers: Workers) -> Field:
    return Field(tmp_path, workers)


def test_blocks_follow_the_drawn_order_after_every_warm_up(bench: Field, server: GroundTruthServer) -> None:
    arms = [bench.arm(label, server.base_url, warmup_requests=1) for label in ("a", "b", "c")]
    bench.run(trials=3)
    assert [block for _, block in bench.told] == [None] * 3 + [0] * 3 + [1] * 3 + [2] * 3
    for block in range(3):
        labels = tuple(label for label, at in bench.told if at == block)
        assert labels == tuple(arm.label for arm in in_order(arms, block, arms[0].workload.seed))
    assert all(arm.ending().status == "complete" for arm in arms)


def test_parts_are_on_disk_before_the_run_has_ended(bench: Field, server: GroundTruthServer) -> None:
    """As after the death of the process: there is no ending."""
    arm = bench.arm("a", server.base_url, warmup_requests=1)
    bench.run(trials=2)
    _, samples, ending = read(bench.folder / "a.raw.jsonl")
    assert ending.status == "interrupted"
    assert ending.parts == tuple(arm.parts)
    for part in ending.parts:
        own = [s for s in samples if (s.phase.value, s.trial) == (part.name, part.trial)]
        assert all(part.began_ns <= s.scheduled_ns <= s.ended_ns <= part.ended_ns for s in own)


def test_service_that_dies_leaves_the_others_to_their_end(bench: Field, server: GroundTruthServer) -> None:
    dying = bench.arm("dying", server.base_url, watch=lambda: "backend (pid 7) died" if dying.parts else None)
    steady = bench.arm("steady", server.base_url)
    bench.run(trials=4)
    assert (dying.ending().status, steady.ending().status) == ("interrupted", "complete")
    assert dying.stopped == "the measured service ended during the run: backend (pid 7) died"
    assert [part.whole for part in dying.parts] == [True, False]
    assert [part.whole for part in steady.parts] == [True] * 4
    (sentence,) = bench.said
    assert sentence.startswith("block 2 is incomplete: dying was cut short, steady ")
    assert dying.ending().warnings == (sentence,)


def test_system_that_fails_its_warm_up_takes_no_part(bench: Field, server: GroundTruthServer) -> None:
    failing = bench.arm("failing", server.url("http_500"), warmup_requests=2)
    fine = bench.arm("fine", server.base_url, warmup_requests=2)
    bench.run(trials=2)
    assert "all 2 warm-up requests failed" in str(failing.stopped)
    assert [(part.name, part.whole) for part in fine.parts] == [
        ("warmup", True),
        ("measured", True),
        ("measured", True),
    ]
    assert bench.said == []


def ctrl_c_when(holds: Callable[[], object]) -> threading.Thread:
    def wait() -> None:
        deadline = time.monotonic() + 60
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_ctrl_c_keeps_every_trial_of_all_and_names_the_incomplete_block(
    bench: Field, server: GroundTruthServer
) -> None:
    arms = [bench.arm(label, server.url("slow"), requests=16, concurrency=4) for label in ("a", "b")]
    first, second = in_order(arms, 1, arms[0].workload.seed)
    whole_trial = 1 + 16 + 1  # lines of the record: plan, samples, part
    thread = ctrl_c_when(lambda: second.log.path.read_text().count("\n") >= whole_trial + 4)
    bench.run(trials=50)
    thread.join()
    assert {arm.ending().reason for arm in arms} == {CTRL_C}
    assert bench.said == [f"block 2 is incomplete: {arms[0].label} {word(arms[0], first)}, b {word(arms[1], first)}"]
    assert first.whole(1)
    assert second.whole(1) is False
    assert [sample.error for sample in second.samples].count(ErrorClass.INTERRUPTED) > 0


def word(arm: Arm, first: Arm) -> str:
    return "ran" if arm is first else "was cut short"


def test_ctrl_c_in_a_cool_down_interrupts_all(bench: Field, server: GroundTruthServer) -> None:
    arms = [bench.arm(label, server.base_url) for label in ("a", "b")]
    thread = ctrl_c_when(lambda: any(arm.parts for arm in arms))
    bench.run(trials=3, cool_down_s=20)
    thread.join()
    assert len([arm for arm in arms if arm.parts]) == 1
    assert {arm.ending().reason for arm in arms} == {CTRL_C}
