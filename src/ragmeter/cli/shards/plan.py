"""``ragmeter plan``: what a run will send, in a file, for load processes on several machines."""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

import yaml

from ragmeter.cli.provider import add_provider, provider_of
from ragmeter.cli.terminal import say
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.schedule.phases import phases
from ragmeter.core.schedule.shards import common_starts_s
from ragmeter.core.setting import Setting
from ragmeter.run.plan.catalog import load_workload
from ragmeter.run.plan.planning import asked_plan, declared_slos
from ragmeter.run.processes.streams import notice
from ragmeter.run.store import SampleLog


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "plan",
        help="write down a run that several machines will send",
        description="Check a workload and a provider, ask the service what it is, and write the plan of a run: the "
        "first line of a raw record. 'ragmeter load' sends a shard of it, 'ragmeter merge' makes one record of all. "
        "The plan holds no secret of the provider file.",
    )
    add_provider(parser)
    parser.add_argument("--workload", metavar="NAME|FILE", help="default: the provider file's")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a manifest value: benchmark.requests=50",
    )
    parser.add_argument("--slo", action="append", default=[], metavar="EXPR", help="judge by this, too; repeatable")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the plan; must not exist")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    provider = provider_of(options)
    workload = load_workload(options.workload or provider.workload, [_setting(text) for text in options.set], provider)
    notice(workload.notices)
    slos = declared_slos(provider, workload, [(expression, "--slo") for expression in options.slo])
    plan = asked_plan(provider, workload, slos, environment=os.environ, now=datetime.now(UTC))
    with SampleLog(options.output) as log:
        log.plan(plan)
    say(f"{plan.run_id}: planned in {options.output}", *_pace(workload))
    return 0


def _pace(workload: Workload) -> list[str]:
    """When the phases of a load of several shards begin, if there are several phases."""
    plans = phases(workload)
    if len(plans) < 2:
        return []
    try:
        starts_s = common_starts_s(plans, workload.timeout_s)
    except ConfigError as error:
        return [f"several shards: {error}"]
    last = f"{plans[-1].name} phase of trial {plans[-1].trial + 1}"
    return [
        f"{len(plans)} phases; those of several shards begin together: the last, the {last}, {starts_s[-1]:.0f} s "
        "after the start, or sooner with --phase-every"
    ]


def _setting(text: str) -> Setting:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set: {text!r} is not KEY=VALUE, such as benchmark.requests=50")
    return Setting(key=key, value=yaml.safe_load(value), origin=f"--set {key}")
