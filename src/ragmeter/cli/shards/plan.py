"""``ragmeter plan``: what a run will send, in a file, for load processes on several machines; and what its gates can
decide.
"""

import argparse
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from ragmeter.cli.options.amounts import share
from ragmeter.cli.provider import add_provider, provider_of
from ragmeter.cli.terminal import say
from ragmeter.core.compare.compare import MIN_EFFECT_RATIO
from ragmeter.core.compare.gate_forecast import pairs_needed, pairs_words, sessions_words
from ragmeter.core.compare.measured import DECLARED
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.money.budget import Limits, rate_of
from ragmeter.core.money.cost import COST_OF_RATE
from ragmeter.core.requests.figure import Figure
from ragmeter.core.run.plan import DeclaredSlo
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.phases import phases
from ragmeter.core.schedule.shards import common_starts_s
from ragmeter.core.setting import Setting
from ragmeter.core.verdicts.error_budget import DEFAULT
from ragmeter.core.verdicts.gates import told_together, undecidable
from ragmeter.core.verdicts.slo import parse_slo
from ragmeter.run.plan.baseline import load_baselines
from ragmeter.run.plan.catalog import load_workload
from ragmeter.run.plan.planning import asked_plan, declared_slos
from ragmeter.run.processes.streams import notice
from ragmeter.run.session.forecast import expected_takes, least_s, takes_words
from ragmeter.run.session.meter import Meter
from ragmeter.run.store import SampleLog


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "plan",
        help="write down a run that several machines will send",
        description="Check a workload and a provider, ask the service what it is, and write the plan of a run: the "
        "first line of a raw record. 'ragmeter load' sends a shard of it, 'ragmeter merge' makes one record of all. "
        "The plan holds no secret of the provider file. Says which SLOs no such run can meet, what it takes, and what "
        "a gate on it can decide.",
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
    parser.add_argument(
        "--baseline",
        metavar="RECORD|FOLDER|last",
        help="saved runs of this workload and provider: what a gate against them can decide, and what the plan takes",
    )
    parser.add_argument(
        "--reference",
        metavar="RECORD",
        help="a saved run of this workload on another provider: how many trials a gate on pairs needs",
    )
    parser.add_argument(
        "--min-effect",
        type=share,
        default=MIN_EFFECT_RATIO,
        metavar="RATIO",
        help="the smallest relative change that matters to a gate, above 0 and below 1 (default %(default)s)",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the plan; must not exist")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    provider = provider_of(options)
    workload = load_workload(options.workload or provider.workload, [_setting(text) for text in options.set], provider)
    notice(workload.notices)
    if "factors" in workload.manifest:
        raise ConfigError(
            f"{workload.path}: $.factors: its cells take turns in one session, and a plan for several machines is of "
            "one run; 'ragmeter run' measures them"
        )
    slos = declared_slos(provider, workload, [(expression, "--slo") for expression in options.slo])
    notice(f"warning: {why}" for why in _undecidable(slos, provider, workload))
    forecast = _forecast(options, provider, workload)
    plan = asked_plan(provider, workload, slos, environment=os.environ, now=datetime.now(UTC))
    with SampleLog(options.output) as log:
        log.plan(plan)
    say(f"{plan.run_id}: planned in {options.output}", *_pace(workload), *forecast)
    return 0


def _undecidable(slos: Sequence[DeclaredSlo], provider: Provider, workload: Workload) -> list[str]:
    """A sentence for each cause that keeps SLOs from being passed; the default error budget always can be kept."""
    declared = [parse_slo(slo.expression, slo.origin) for slo in slos if slo != DEFAULT]
    found = [(slo, undecidable(slo, workload, lambda key, value: f"--set benchmark.{key}={value}")) for slo in declared]
    run_name = f"{provider.name}-{workload.name}"
    return told_together((run_name, slo, why) for slo, why in found if why is not None)


def _forecast(options: argparse.Namespace, provider: Provider, workload: Workload) -> list[str]:
    """What gates can decide, by saved runs, and what the plan takes. Raises ConfigError for runs of something else."""
    mine = _saved(options.baseline, "--baseline", provider.name, workload)
    other = _saved(options.reference, "--reference", None, workload)
    meter = Meter([rate_of(provider.cost)], Limits())
    lines = []
    if words := sessions_words(_figures(provider, mine), mine, options.min_effect):
        lines.append(f"--baseline: {words}")
    if other:
        needed = pairs_needed(other, mine, _figures(provider, other), options.min_effect)
        words = pairs_words(needed, options.min_effect, other, mine, workload.trials)
        lines.append(f"--reference: {other[0].plan.provider!r}: a gate on pairs {words}")
    return [*lines, takes_words(expected_takes(workload, [mine]), least_s(workload, 1), meter)]


def _saved(named: str | None, origin: str, provider: str | None, workload: Workload) -> list[SavedRun]:
    """The newest first. provider: whose; None for that of a record."""
    if named is None:
        return []
    if provider is None and not Path(named).is_file():
        raise ConfigError(f"{origin}: {named!r} is no file; write a raw record, which tells its provider")
    home = Path("reports") / "ns" / (provider or "")
    found = load_baselines(named, last_in=home, provider=provider or "", workload=workload.name, origin=origin)
    same = [run for run in found if run.plan.workload.sha256 == workload.sha256]
    if not same:
        raise ConfigError(f"{origin}: {found[0].path}: is of another workload, whose trials tell nothing of this one's")
    return same


def _figures(provider: Provider, runs: Sequence[SavedRun]) -> tuple[Figure, ...]:
    """What gates judge: all that is compared; costs only with two price sheets."""
    priced = provider.cost is not None and all(run.plan.cost is not None for run in runs)
    return tuple(key for key in DECLARED if priced or key.metric not in COST_OF_RATE)


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
