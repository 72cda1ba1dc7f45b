"""Several systems in one session: the warm-up of each, then blocks in which each of them runs one trial."""

import time
from collections.abc import Sequence

from ragmeter.core.campaign.events import (
    CampaignPlanned,
    Emit,
    LoadEnded,
    Said,
    TrialStarted,
    WarmupEnded,
    WarmupStarted,
)
from ragmeter.core.run.plan import CTRL_C
from ragmeter.core.schedule.blocks import in_order, incomplete
from ragmeter.core.schedule.phases import trial, warmup
from ragmeter.run.session.forecast import fewest_trials, least_s, trials_s
from ragmeter.run.session.measure import WATCH_S
from ragmeter.run.session.meter import Meter
from ragmeter.run.session.search import search
from ragmeter.run.session.stopping import Stopping
from ragmeter.run.session.variant import Variant


def run_campaign(variants: Sequence[Variant], meter: Meter, emit: Emit) -> None:
    """Run everything. Each variant holds what came of it.

    variants: at least one; their workloads ask the same. A variant whose service died, or whose warm-up failed, runs no
    further; the others do. Ctrl-C and the meter end all.
    """
    workload = variants[0].workload
    emit(
        CampaignPlanned(
            workload=workload,
            runs=len(variants),
            min_trials=fewest_trials(workload),
            min_s=least_s(workload, len(variants)),
            usd_per_hr=meter.usd_per_hr,
        )
    )
    meter.begin()
    try:
        _run_all(variants, meter, emit)
    except KeyboardInterrupt:
        _interrupt(variants, CTRL_C)
    except _Halted as halted:
        _interrupt(variants, str(halted))
    finally:
        emit(LoadEnded())


def _run_all(variants: Sequence[Variant], meter: Meter, emit: Emit) -> None:
    workload = variants[0].workload
    stopping = None if workload.until is None else Stopping(until=workload.until, meter=meter)
    _warm_up(variants, meter, emit)
    _search(variants, meter, emit)
    for block in range(workload.trials):
        _run_block(variants, block, meter, emit)
        running = [variant for variant in variants if variant.stopped is None and variant.whole(block)]
        if not running or (stopping is not None and _is_enough(running, stopping)):
            break


class _Halted(Exception):  # noqa: N818 - no error: what was asked for
    """Everything has to end."""


def _interrupt(variants: Sequence[Variant], reason: str) -> None:
    for variant in variants:
        variant.interrupt(reason)


def _is_enough(running: Sequence[Variant], stopping: Stopping) -> bool:
    stop = stopping.after(running)
    if stop is None:
        return False
    for variant in running:
        variant.undecided = stop.undecided
        variant.done = True
    return True


def _warm_up(variants: Sequence[Variant], meter: Meter, emit: Emit) -> None:
    for position, variant in enumerate(in_order(variants, 0, variants[0].workload.seed)):
        if plans := warmup(variant.workload):
            emit(WarmupStarted(workload=variant.workload, label=variant.label))
            variant.run("warmup", 0, position, plans)
            _go_on(meter, variant)
    predicted_s = trials_s(variants[0].workload, [each.samples for each in variants if each.stopped is None])
    over = None if predicted_s is None else meter.over_budget(predicted_s)
    emit(WarmupEnded(trials_s=predicted_s, usd_per_hr=meter.usd_per_hr, over_budget=over))


def _search(variants: Sequence[Variant], meter: Meter, emit: Emit) -> None:
    """One system after the other: each has a capacity of its own."""
    for variant in in_order([each for each in variants if each.stopped is None], 0, variants[0].workload.seed):
        search(variant, meter, emit)
        _go_on(meter, variant)


def _run_block(variants: Sequence[Variant], block: int, meter: Meter, emit: Emit) -> None:
    """Only variants that can still run take part; the block of a session with several is incomplete without one of
    them.
    """
    workload = variants[0].workload
    partners = [variant for variant in variants if variant.can_run]
    try:
        for position, variant in enumerate(in_order(partners, block, workload.seed)):
            if block or position:
                _cool_down(workload.cool_down_s, meter)
            emit(TrialStarted(workload=variant.workload, label=variant.label, trial=block))
            variant.run("measured", block, position, trial(variant.workload, block))
            variant.done = block == workload.trials - 1
            _go_on(meter, variant)
    finally:
        _note_incomplete(partners, block, emit)


def _go_on(meter: Meter, variant: Variant | None = None) -> None:
    """Raises KeyboardInterrupt when Ctrl-C ended the variant, and _Halted."""
    if variant is not None and variant.stopped == CTRL_C:
        raise KeyboardInterrupt
    if (reason := meter.halt()) is not None:
        raise _Halted(reason)


def _cool_down(cool_down_s: float, meter: Meter) -> None:
    end_s = time.monotonic() + cool_down_s
    while (left_s := end_s - time.monotonic()) > 0:
        _go_on(meter)
        time.sleep(min(left_s, WATCH_S))


def _note_incomplete(partners: Sequence[Variant], block: int, emit: Emit) -> None:
    sentence = incomplete(block, {variant.label: variant.whole(block) for variant in partners})
    if sentence and len(partners) > 1:
        emit(Said(sentence))
        for variant in partners:
            variant.warnings.append(sentence)
