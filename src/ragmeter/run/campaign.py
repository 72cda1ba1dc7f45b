"""Several systems in one session: the warm-up of each, then blocks in which each of them runs one trial."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ragmeter.core.blocks import in_order, incomplete
from ragmeter.core.records import RequestSample
from ragmeter.core.run import Part, PhasePlan, RunEnding, joined
from ragmeter.core.workload import Workload
from ragmeter.run.measure import CTRL_C, WATCH_S, Conditions, measure
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
    undecided: str | None = None
    search_ended: str | None = None
    done: bool = False
    """Whether all of its trials were run."""
    _endings: list[RunEnding] = field(default_factory=list)

    @property
    def stopped(self) -> str | None:
        """Why it runs no further part, if it does not."""
        return next((ending.reason for ending in self._endings if ending.status == "interrupted"), None)

    def run(
        self,
        name: Literal["warmup", "search", "measured"],
        number: int,
        position: int,
        plans: Sequence[PhasePlan],
        *,
        level: float | None = None,
        workload: Workload | None = None,
    ) -> None:
        """Run one part and write down when it ran, in which place of its block, and whether it came to its end.

        workload: at the ``level`` of a step of a search; without it, the arm's.
        """
        began_ns = time.monotonic_ns()
        samples, ending = measure(workload or self.workload, plans, self.conditions)
        self.samples += samples
        self._endings.append(ending)
        part = Part(
            name=name,
            trial=number,
            position=position,
            began_ns=began_ns - self.conditions.origin_ns,
            ended_ns=time.monotonic_ns() - self.conditions.origin_ns,
            whole=ending.status == "complete",
            level=level,
        )
        self.parts.append(part)
        self.log.part(part)

    @property
    def can_run(self) -> bool:
        return self.stopped is None and not self.done

    def interrupt(self, reason: str) -> None:
        """Nothing further is run, although more was planned."""
        if self.stopped is None and not self.done:
            self._endings.append(RunEnding(status="interrupted", reason=reason))

    def ending(self) -> RunEnding:
        """Of the whole run. It ran nothing at all only when it was interrupted."""
        whole = joined(self._endings)
        warnings = (*whole.warnings, *self.warnings)
        return replace(
            whole,
            parts=tuple(self.parts),
            warnings=warnings,
            undecided=self.undecided,
            search_ended=self.search_ended,
        )

    def whole(self, block: int) -> bool | None:
        """Whether its trial of this block came to its end; None when it did not begin."""
        return next((part.whole for part in self.parts if part.name == "measured" and part.trial == block), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Enough blocks were run. undecided: why, although the intervals are not as narrow as they were to become."""

    undecided: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a campaign goes on.

    trials: blocks at most. cool_down_s: pause before each trial but the first. announce: is told which arm runs its
    trial of which block (from 0), or its warm-up with None. say: takes one lasting line. warmed: is called between
    warm-up and trials. search: is called with each arm then, and may change its load. halt: a sentence once everything
    has to end. after: is asked after each block, with the arms that ran it to the end; None wants another block.
    """

    trials: int
    cool_down_s: float
    announce: Callable[[Arm, int | None], None]
    say: Callable[[str], None]
    warmed: Callable[[], None] = lambda: None
    search: Callable[[Arm], None] = lambda _arm: None
    halt: Callable[[], str | None] = lambda: None
    after: Callable[[Sequence[Arm]], Stop | None] = lambda _arms: None


def run_campaign(arms: Sequence[Arm], pace: Pace) -> None:
    """Run everything. Each arm holds what came of it.

    An arm whose service died, or whose warm-up failed, runs no further; the others do. Ctrl-C and ``halt`` end all.
    """
    try:
        _warm_up(arms, pace)
        pace.warmed()
        _search(arms, pace)
        for block in range(pace.trials):
            _run_block(arms, block, pace)
            running = [arm for arm in arms if arm.stopped is None and arm.whole(block)]
            if not running or _is_enough(running, pace):
                break
    except KeyboardInterrupt:
        _interrupt(arms, CTRL_C)
    except _Halted as halted:
        _interrupt(arms, str(halted))


class _Halted(Exception):  # noqa: N818 - no error: what was asked for
    """Everything has to end."""


def _interrupt(arms: Sequence[Arm], reason: str) -> None:
    for arm in arms:
        arm.interrupt(reason)


def _is_enough(running: Sequence[Arm], pace: Pace) -> bool:
    stop = pace.after(running)
    if stop is None:
        return False
    for arm in running:
        arm.undecided = stop.undecided
        arm.done = True
    return True


def _warm_up(arms: Sequence[Arm], pace: Pace) -> None:
    for position, arm in enumerate(in_order(arms, 0, arms[0].workload.seed)):
        if plans := warmup(arm.workload):
            pace.announce(arm, None)
            arm.run("warmup", 0, position, plans)
            _go_on(pace, arm)


def _search(arms: Sequence[Arm], pace: Pace) -> None:
    """One system after the other: each has a capacity of its own."""
    for arm in in_order([arm for arm in arms if arm.stopped is None], 0, arms[0].workload.seed):
        pace.search(arm)
        _go_on(pace, arm)


def _run_block(arms: Sequence[Arm], block: int, pace: Pace) -> None:
    """Only arms that can still run take part; the block of a session with several is incomplete without one of them."""
    partners = [arm for arm in arms if arm.can_run]
    try:
        for position, arm in enumerate(in_order(partners, block, arms[0].workload.seed)):
            if block or position:
                _cool_down(pace)
            pace.announce(arm, block)
            arm.run("measured", block, position, trial(arm.workload, block))
            arm.done = block == pace.trials - 1
            _go_on(pace, arm)
    finally:
        _note_incomplete(partners, block, pace)


def _go_on(pace: Pace, arm: Arm | None = None) -> None:
    """Raises KeyboardInterrupt when Ctrl-C ended the arm, and _Halted."""
    if arm is not None and arm.stopped == CTRL_C:
        raise KeyboardInterrupt
    if (reason := pace.halt()) is not None:
        raise _Halted(reason)


def _cool_down(pace: Pace) -> None:
    end_s = time.monotonic() + pace.cool_down_s
    while (left_s := end_s - time.monotonic()) > 0:
        _go_on(pace)
        time.sleep(min(left_s, WATCH_S))


def _note_incomplete(partners: Sequence[Arm], block: int, pace: Pace) -> None:
    sentence = incomplete(block, {arm.label: arm.whole(block) for arm in partners})
    if sentence and len(partners) > 1:
        pace.say(sentence)
        for arm in partners:
            arm.warnings.append(sentence)
