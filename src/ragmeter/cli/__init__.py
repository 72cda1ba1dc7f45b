"""``ragmeter``: runs the suite, and works on saved runs and on files without pytest. One file for each command."""

import argparse
import sys
from collections.abc import Callable, Sequence

import ragmeter
from ragmeter.cli import (
    compare,
    cost,
    export,
    history,
    importing,
    judge,
    questions,
    render,
    run,
    shipped,
    target,
    validate,
)
from ragmeter.cli.machines import load, merge, plan
from ragmeter.cli.pipeline import accept, comment
from ragmeter.core.errors import RagmeterError

EXIT_ERROR = 2
DESCRIPTION = (
    "run measures a RAG service; plan, load and merge do so from several machines; the others work on saved runs and "
    "on files, without pytest."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: 0 when it did what it says, 1 when an SLO was missed or a load ended early, 2 with one
    sentence on standard error when it could not be done. ``run`` ends as pytest does.
    """
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == [run.NAME]:
        return run.run(arguments[1:])
    options = _parser().parse_args(arguments)
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
    for module in (
        run,
        render,
        judge,
        cost,
        compare,
        importing,
        export,
        history,
        plan,
        load,
        merge,
        accept,
        comment,
        questions,
        validate,
        target,
        shipped,
    ):
        module.add_to(commands)
    return parser
