"""Several systems in blocks: what one of them suffers costs the others nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ragmeter.core.campaign.events import Event, Said, TrialStarted, WarmupStarted
from ragmeter.core.money.budget import Limits
from ragmeter.core.requests.records import ErrorClass
from ragmeter.core.run.plan import CTRL_C
from ragmeter.core.schedule.blocks import in_order
from ragmeter.run.processes.workers import Workers
from ragmeter.run.session.campaign import run_campaign
from ragmeter.run.session.measure import Conditions
from ragmeter.run.session.meter import Meter
from ragmeter.run.session.variant import Variant
from ragmeter.run.store import SampleLog, read
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import plan, provider, workload
from tests.waiting import ctrl_c_when

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
    variants: list[Variant] = field(default_factory=list)
    told: list[tuple[str, int | None]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def variant(self, label: str, url: str, watch: Callable[[], str | None] = lambda: None, **planned: Any) -> Variant:
        log = SampleLog(self.folder / f"{label}.raw.jsonl")
        log.plan(plan(provider=label))
        conditions = Conditions(
            provider=provider(url),
            origin_ns=time.monotonic_ns(),
            keep=log.sample,
            watch=watch,
            workers=self.workers,
        )
        variant = Variant(label=label, workload=workload(**planned), conditions=conditions, log=log)
        self.variants.append(variant)
        return variant

    def hear(self, event: Event) -> None:
        match event:
            case WarmupStarted():
                self.told.append((event.label, None))
            case TrialStarted():
                self.told.append((event.label, event.trial))
            case Said():
                self.said.append(event.line)

    def run(self, trials: int, cool_down_s: float = 0.0) -> None:
        for variant in self.variants:
            variant.workload = replace(variant.workload, trials=trials, cool_down_s=cool_down_s)
        run_campaign(self.variants, Meter([], Limits()), self.hear)
        for variant in self.variants:
            variant.log.close()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """One load process for all tests: each would wait for one of its own."""
    with Workers() as started:
        yield started


@pytest.fixture
def bench(tmp_path: Path, workers: Workers) -> Field:
    return Field(tmp_path, workers)


def test_blocks_follow_the_drawn_order_after_every_warm_up(bench: Field, server: GroundTruthServer) -> None:
    variants = [bench.variant(label, server.base_url, warmup_requests=1) for label in ("a", "b", "c")]
    bench.run(trials=3)
    assert [block for _, block in bench.told] == [None] * 3 + [0] * 3 + [1] * 3 + [2] * 3
    for block in range(3):
        labels = tuple(label for label, at in bench.told if at == block)
        assert labels == tuple(variant.label for variant in in_order(variants, block, variants[0].workload.seed))
    assert all(variant.ending().status == "complete" for variant in variants)


def test_parts_are_on_disk_before_the_run_has_ended(bench: Field, server: GroundTruthServer) -> None:
    """As after the death of the process: there is no ending."""
    variant = bench.variant("a", server.base_url, warmup_requests=1)
    bench.run(trials=2)
    _, samples, ending = read(bench.folder / "a.raw.jsonl")
    assert ending.status == "interrupted"
    assert ending.parts == tuple(variant.parts)
    for part in ending.parts:
        own = [s for s in samples if (s.phase.value, s.trial) == (part.name, part.trial)]
        assert all(part.began_ns <= s.scheduled_ns <= s.ended_ns <= part.ended_ns for s in own)


def test_service_that_dies_leaves_the_others_to_their_end(bench: Field, server: GroundTruthServer) -> None:
    dying = bench.variant("dying", server.base_url, watch=lambda: "backend (pid 7) died" if dying.parts else None)
    steady = bench.variant("steady", server.base_url)
    bench.run(trials=4)
    assert (dying.ending().status, steady.ending().status) == ("interrupted", "complete")
    assert dying.stopped == "the measured service ended during the run: backend (pid 7) died"
    assert [part.whole for part in dying.parts] == [True, False]
    assert [part.whole for part in steady.parts] == [True] * 4
    (sentence,) = bench.said
    assert sentence.startswith("block 2 is incomplete: dying was cut short, steady ")
    assert dying.ending().warnings == (sentence,)


def test_system_that_fails_its_warm_up_takes_no_part(bench: Field, server: GroundTruthServer) -> None:
    failing = bench.variant("failing", server.url("http_500"), warmup_requests=2)
    fine = bench.variant("fine", server.base_url, warmup_requests=2)
    bench.run(trials=2)
    assert "all 2 warm-up requests failed" in str(failing.stopped)
    assert [(part.name, part.whole) for part in fine.parts] == [
        ("warmup", True),
        ("measured", True),
        ("measured", True),
    ]
    assert bench.said == []


def test_ctrl_c_keeps_every_trial_of_all_and_names_the_incomplete_block(
    bench: Field, server: GroundTruthServer
) -> None:
    variants = [bench.variant(label, server.url("slow"), requests=16, concurrency=4) for label in ("a", "b")]
    first, second = in_order(variants, 1, variants[0].workload.seed)
    whole_trial = 1 + 16 + 1  # lines of the record: plan, samples, part
    thread = ctrl_c_when(lambda: second.log.path.read_text().count("\n") >= whole_trial + 4)
    bench.run(trials=50)
    thread.join()
    assert {variant.ending().reason for variant in variants} == {CTRL_C}
    assert bench.said == [
        f"block 2 is incomplete: {variants[0].label} {word(variants[0], first)}, b {word(variants[1], first)}"
    ]
    assert first.whole(1)
    assert second.whole(1) is False
    assert [sample.error for sample in second.samples].count(ErrorClass.INTERRUPTED) > 0


def word(variant: Variant, first: Variant) -> str:
    return "ran" if variant is first else "was cut short"


def test_ctrl_c_in_a_cool_down_interrupts_all(bench: Field, server: GroundTruthServer) -> None:
    variants = [bench.variant(label, server.base_url) for label in ("a", "b")]
    thread = ctrl_c_when(lambda: any(variant.parts for variant in variants))
    bench.run(trials=3, cool_down_s=20)
    thread.join()
    assert len([variant for variant in variants if variant.parts]) == 1
    assert {variant.ending().reason for variant in variants} == {CTRL_C}
