"""``ragmeter``: runs the suite, and works on saved runs and on files without pytest. One file for each command."""

import argparse
import os
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
from ragmeter.cli.shards import load, merge, plan
from ragmeter.cli.starting import completion, init, quick
from ragmeter.core.errors import RagmeterError

EXIT_ERROR = 2
EXIT_BROKEN_PIPE = 128 + 13
"""As a shell shows SIGPIPE."""
DESCRIPTION = (
    "quick is the first minute with a RAG service, and run measures it; plan, load and merge do so from several "
    "machines; the others work on saved runs and on files, without pytest."
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
        status = command(options)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_is_gone()
    except RagmeterError as error:
        sys.stderr.write(f"ragmeter: {error}\n")
        return EXIT_ERROR
    return status


def _reader_is_gone() -> int:
    """`ragmeter … | head` has read enough. What is left in the buffer goes nowhere, without a word at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ragmeter", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"ragmeter {ragmeter.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in (
        quick,
        init,
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
        questions,
        validate,
        target,
        shipped,
        completion,
    ):
        module.add_to(commands)
    return parser


def whole_parser() -> argparse.ArgumentParser:
    """With the options of ``run``, which pytest parses otherwise."""
    parser = _parser()
    (commands,) = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    run.add_options(commands.choices[run.NAME])
    return parser
