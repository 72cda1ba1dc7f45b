"""``ragmeter merge``: one raw record from those of the shards of a run."""

import argparse
from pathlib import Path

from ragmeter.cli.saved import load_raw
from ragmeter.cli.terminal import say
from ragmeter.core.errors import ConfigError
from ragmeter.core.run.merging import merged
from ragmeter.run.store import SampleLog, note_tests, suffix


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "merge",
        help="make one raw record of the shards of a run",
        description="Write one raw record from those of the shards of a run, request by request: 'ragmeter render' and "
        "the other commands take it as they take any other. A shard that is missing or ended early makes the run "
        "INVALID, by name.",
    )
    parser.add_argument("shards", nargs="+", type=Path, metavar="SHARD", help="a raw record of 'ragmeter load'")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the raw record; must not exist")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    if not options.output.name.endswith(suffix):
        raise ConfigError(f"--output: {options.output}: the name of a raw record ends in {suffix}")
    plan, samples, ending = merged([load_raw(path) for path in options.shards])
    with SampleLog(options.output) as log:
        log.run(plan, samples, ending)
    note_tests(log.path, ())  # there was no session
    say(f"{plan.run_id}: {len(samples)} requests of {len(options.shards)} shards in {log.path}")
    return 0
