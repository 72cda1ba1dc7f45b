"""``ragmeter load``: sends one shard of a planned run."""

import argparse
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ragmeter.cli.options.amounts import seconds
from ragmeter.cli.progress import TerminalProgress
from ragmeter.cli.provider import add_provider, provider_of
from ragmeter.cli.terminal import say
from ragmeter.clients.http.clocks import AUTO
from ragmeter.clients.plugins.registry import clock_of
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.schedule.phases import phases
from ragmeter.core.schedule.plan import Shard
from ragmeter.core.schedule.shards import common_starts_s
from ragmeter.run import store
from ragmeter.run.cluster.shard import Beginning, check_start, run_shard
from ragmeter.run.processes.workers import Workers
from ragmeter.run.session.calibrate import calibrated


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "load",
        help="send one shard of a planned run",
        description="Send the part of a planned run that falls to this process, and write its raw record. Start it on "
        "every machine with the same PLAN, --of and --start-at, and another --shard; then 'ragmeter merge'. Exit "
        "status 1 when it ended early; its record then says why.",
    )
    parser.add_argument("plan", type=Path, metavar="PLAN", help="a file of 'ragmeter plan', or the raw record of a run")
    add_provider(parser)
    parser.add_argument("--shard", type=int, required=True, metavar="K", help="number of this process, from 0")
    parser.add_argument("--of", type=int, required=True, metavar="N", help="how many processes send the run")
    parser.add_argument(
        "--start-at",
        required=True,
        metavar="TIME",
        help="the common start: 2026-02-22T10:15:30Z; the clocks of the machines should be synchronised",
    )
    parser.add_argument(
        "--phase-every",
        type=seconds,
        metavar="SECONDS",
        help="warm-up and trials begin so long after one another; without it each begins when the longest that the one "
        "before can take is over, on every machine",
    )
    parser.add_argument(
        "--calibrate",
        choices=["on", "off"],
        default="on",
        help="calibrate first: a few seconds, before the common start, for the client measurement error (default: on)",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the raw record; must not exist")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    shard, at = _shard(options), _start(options)
    plan, provider = _plan(options.plan), provider_of(options)
    beginning = Beginning(at=at, starts_s=_starts_s(plan.workload, shard, options.phase_every))
    check_start(beginning)
    if options.calibrate == "on":
        with Workers() as workers:
            plan = calibrated(
                replace(plan, clock=clock_of(plan.workload.described, AUTO)), provider, workers, shards=shard.count
            )
    progress = TerminalProgress(f"shard {shard.number} of {shard.count}")
    ending = run_shard(plan, provider, shard, beginning, path=options.output, emit=progress)
    say(f"{plan.run_id}: shard {shard.number} of {shard.count} {ending.reason or ending.status}: {options.output}")
    return int(ending.status != "complete")


def _plan(path: Path) -> RunPlan:
    plan, _, _ = store.read(path)
    return plan


def _shard(options: argparse.Namespace) -> Shard:
    if not 0 <= options.shard < options.of:
        raise ConfigError(f"--shard: {options.shard} is not from 0 to {options.of - 1}, as --of {options.of} says")
    return Shard(number=options.shard, count=options.of)


def _start(options: argparse.Namespace) -> datetime:
    try:
        at = datetime.fromisoformat(options.start_at)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ConfigError(f"--start-at: {options.start_at!r} is not a time with its zone, such as 2026-02-22T10:15:30Z")
    if options.phase_every is not None and options.phase_every <= 0:
        raise ConfigError(f"--phase-every: {options.phase_every} is not > 0")
    return at


def _starts_s(workload: Workload, shard: Shard, every_s: float | None) -> tuple[float, ...] | None:
    """One process alone has nobody to wait for. Raises ConfigError when no common starts can be foreseen."""
    plans = phases(workload)
    if every_s is not None:
        return tuple(number * every_s for number in range(len(plans)))
    return None if shard.count == 1 else common_starts_s(plans, workload.timeout_s)
