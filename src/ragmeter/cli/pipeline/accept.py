"""``ragmeter accept``: saved runs become the baseline that later ones are judged against."""

import argparse
from pathlib import Path

from ragmeter.cli.saved import load_raw, result_from
from ragmeter.cli.terminal import say
from ragmeter.core.errors import ConfigError
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.stats.sessions import MIN_SESSIONS
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.words.naming import run_name
from ragmeter.run.plan.accepted import accept, accepted


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "accept",
        help="make saved runs the baseline",
        description="Copy raw records into the folder that --bench-baseline names. Each session is judged against what "
        "was accepted, and not against the session before it, so that a slow drift is seen. A run that was "
        "interrupted, or whose measurement is not valid, is refused.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a .raw.jsonl file of a run")
    parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="the folder of accepted runs")
    parser.add_argument(
        "--replace", action="store_true", help="remove those of the same workload on the same provider from it"
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    runs = [load_raw(path) for path in options.runs]
    for each in runs:
        _check(each, result_from(each))
    named = [(each.plan.provider, each.plan.workload.name) for each in runs]
    old = [path for path, plan in accepted(options.into) if (plan.provider, plan.workload.name) in named]
    kept = [accept(Path(each.path), each.plan, options.into) for each in runs]
    for path in old if options.replace else ():
        if path not in kept:
            path.unlink()
    for provider, workload in dict.fromkeys(named):
        count = sum((plan.provider, plan.workload.name) == (provider, workload) for _, plan in accepted(options.into))
        few = f"; a gate that can pass needs {MIN_SESSIONS}" if count < MIN_SESSIONS else ""
        say(f"{workload} @ {provider}: {count} accepted sessions in {options.into}{few}")
    return 0


def _check(saved: SavedRun, result: RunResult) -> None:
    if saved.ending.status != "complete":
        raise ConfigError(f"{saved.path}: {run_name(result)} was interrupted: it is no baseline")
    if result.outcome is Outcome.INVALID:
        why = "; ".join(result.harness.reasons) or "a figure is not valid"
        raise ConfigError(f"{saved.path}: the measurement is not valid, so it is no baseline: {why}")
