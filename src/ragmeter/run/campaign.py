"""Several systems in one session: the warm-up of each, then blocks in which each of them runs one trial."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ragmeter.core.blocks import in_order, incomplete
from ragmeter.core.records import RequestSample
from ragmeter.core.run import Part, PhasePlan, RunEnding, joined
from ragmeter.core.workload import Workload
from ragmeter.run.measure import CTRL_C, Conditions, measure
from ragmeter.run.phases import trial, warmup
from ragmeter.run.store import SampleLog


@dataclass(slots=True, kw_only=True)
class Arm:
    """One system, what is asked of it, and what came of it. label: unique in its campaign."""

    label: str
    workload: Workload
    conditions: Conditions
    log: SampleLog
    samples: list[RequestSample] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _endings: list[RunEnding] = field(default_factory=list)

    @property
    def stopped(self) -> str | None:
        """Why it runs no further part, if it does not."""
        return next((ending.reason for ending in self._endings if ending.status == "interrupted"), None)

    def run(self, name: Literal["warmup", "measured"], number: int, position: int, plans: Sequence[PhasePlan]) -> None:
        """Run one part and write down when it ran, in which place of its block, and whether it came to its end."""
        began_ns = time.monotonic_ns()
        samples, ending = measure(self.workload, plans, self.conditions)
        self.samples += samples
        self._endings.append(ending)
        part = Part(
            name=name,
            trial=number,
            position=position,
            began_ns=began_ns - self.conditions.origin_ns,
            ended_ns=time.monotonic_ns() - self.conditions.origin_ns,
            whole=ending.status == "complete",
        )
        self.parts.append(part)
        self.log.part(part)

    def interrupt(self, reason: str) -> None:
        """Nothing further is run, although more was planned."""
        if self.stopped is None:
            self._endings.append(RunEnding(status="interrupted", reason=reason))

    def ending(self) -> RunEnding:
        """Of the whole run. It ran nothing at all only when it was interrupted."""
        whole = joined(self._endings)
        return replace(whole, parts=tuple(self.parts), warnings=(*whole.warnings, *self.warnings))

    def whole(self, block: int) -> bool | None:
        """Whether its trial of this block came to its end; None when it did not begin."""
        return next((part.whole for part in self.parts if part.name == "measured" and part.trial == block), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a campaign goes on.

    trials: blocks at most. cool_down_s: pause before each trial but the first. announce: is told which arm runs its
    trial of which block (from 0), or its warm-up with None. say: takes one lasting line.
    """

    trials: int
    cool_down_s: float
    announce: Callable[[Arm, int | None], None]
    say: Callable[[str], None]


def run_campaign(arms: Sequence[Arm], pace: Pace) -> None:
    """Run everything. Each arm holds what came of it.

    An arm whose service died, or whose warm-up failed, runs no further; the others do. Ctrl-C ends all of them.
    """
    try:
        _warm_up(arms, pace)
        for block in range(pace.trials):
            _run_block(arms, block, pace)
    except KeyboardInterrupt:
        for arm in arms:
            if not arm.whole(pace.trials - 1):
                arm.interrupt(CTRL_C)


def _warm_up(arms: Sequence[Arm], pace: Pace) -> None:
    for position, arm in enumerate(in_order(arms, 0, arms[0].workload.seed)):
        if plans := warmup(arm.workload):
            pace.announce(arm, None)
            arm.run("warmup", 0, position, plans)
            _check_ctrl_c(arm)


def _run_block(arms: Sequence[Arm], block: int, pace: Pace) -> None:
    """Only arms that can still run take part; the block of a session with several is incomplete without one of them."""
    partners = [arm for arm in arms if arm.stopped is None]
    try:
        for position, arm in enumerate(in_order(partners, block, arms[0].workload.seed)):
            if block or position:
                time.sleep(pace.cool_down_s)
            pace.announce(arm, block)
            arm.run("measured", block, position, trial(arm.workload, block))
            _check_ctrl_c(arm)
    finally:
        _note_incomplete(partners, block, pace)


def _check_ctrl_c(arm: Arm) -> None:
    if arm.stopped == CTRL_C:
        raise KeyboardInterrupt


def _note_incomplete(partners: Sequence[Arm], block: int, pace: Pace) -> None:
    sentence = incomplete(block, {arm.label: arm.whole(block) for arm in partners})
    if sentence and len(partners) > 1:
        pace.say(sentence)
        for arm in partners:
            arm.warnings.append(sentence)
