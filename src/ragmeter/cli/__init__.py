"""``ragmeter``: works on saved runs and on files, without pytest. One file for each command."""

import argparse
import sys
from collections.abc import Callable, Sequence

import ragmeter
from ragmeter.cli import compare, cost, export, history, importing, judge, listing, load, merge, plan, render, validate
from ragmeter.core.errors import RagmeterError

EXIT_ERROR = 2
DESCRIPTION = (
    "Works on saved runs and on files, without pytest; plan, load and merge send one run from several machines."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: 0 when it did what it says, 1 when an SLO was missed or a load ended early, 2 with one
    sentence on standard error when it could not be done.
    """
    options = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except RagmeterError as error:
        sys.stderr.write(f"ragmeter: {error}\n")
        return EXIT_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ragmeter", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"ragmeter {ragmeter.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in (render, judge, cost, compare, importing, export, history, plan, load, merge, validate, listing):
        module.add_to(commands)
    return parser
