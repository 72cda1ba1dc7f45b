"""``ragmeter``: runs the suite, and works on saved runs and on files without pytest. One file for each command."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

import ragmeter
from ragmeter.core.errors import RagmeterError
from ragmeter.run.processes.signals import end_by, like_ctrl_c
from ragmeter.run.processes.streams import notice

EXIT_ERROR = 2
VERSION_FLAG: Final = "--version"
DESCRIPTION = (
    "quick is the first minute with a RAG service, and run measures it; plan, load and merge do so from several "
    "machines; the others work on saved runs and on files, without pytest."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: 0 when it did what it says, 1 when an SLO was missed or a load ended early, 2 with one
    sentence on standard error when it could not be done. ``run`` ends as pytest does. Ctrl-C, SIGTERM or SIGHUP end
    it, and this process by the same signal, unless the command itself has an end for them.
    """
    with like_ctrl_c() as came:
        try:
            return _done(sys.argv[1:] if argv is None else argv)
        except RagmeterError as error:
            notice([str(error)])
            return EXIT_ERROR
        except (OSError, MemoryError, ImportError) as error:  # of a machine that has too little of something
            notice([f"this machine does not let it be done: {_reason(error)}"])
            return EXIT_ERROR
        except KeyboardInterrupt:
            number = came[0] if came else signal.SIGINT
    notice([f"ended by {number.name}"])
    return end_by(number)


def _reason(error: Exception) -> str:
    """One line: libraries that do not load write pages, with the reason at their end."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _done(arguments: Sequence[str]) -> int:
    """What a command imports takes a moment, in which a signal may come."""
    from ragmeter.cli.terminal import standard_streams

    with standard_streams():
        if arguments[:1] == ["run"]:
            from ragmeter.cli import run

            return run.run(arguments[1:])
        options = _parser(arguments[0] if arguments else None).parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)


_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "starting.quick": ("quick",),
    "starting.init": ("init",),
    "run": ("run",),
    "starting.watch": ("watch",),
    "render": ("render",),
    "judge": ("judge",),
    "cost": ("cost",),
    "compare": ("compare",),
    "folder.factors": ("factors",),
    "pipeline.importing": ("import",),
    "pipeline.export": ("export",),
    "folder.history": ("history",),
    "folder.site": ("site",),
    "folder.query": ("query",),
    "shards.plan": ("plan",),
    "shards.load": ("load",),
    "shards.merge": ("merge",),
    "pipeline.accept": ("accept",),
    "pipeline.comment": ("comment",),
    "questions": ("questions",),
    "dataset": ("dataset",),
    "validate": ("validate",),
    "target": ("target",),
    "shipped": ("files", "providers", "workloads", "price-lists", "targets", "metrics"),
    "starting.completion": ("completion",),
}
"""The commands of each module: a command waits for the imports of its own module alone."""


def _parser(command: str | None = None) -> argparse.ArgumentParser:
    """Of one command, and of all where no command has that name."""
    parser = argparse.ArgumentParser(prog="ragmeter", description=DESCRIPTION)
    parser.add_argument(VERSION_FLAG, action="version", version=f"ragmeter {ragmeter.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    modules = [name for name, mine in _COMMANDS.items() if command in mine]
    if command == VERSION_FLAG:
        return parser
    for name in modules or _COMMANDS:
        import_module(f"ragmeter.cli.{name}").add_to(commands)
    return parser


def whole_parser() -> argparse.ArgumentParser:
    """With the options of ``run``, which pytest parses otherwise."""
    from ragmeter.cli import run

    parser = _parser()
    (commands,) = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    run.add_options(commands.choices[run.NAME])
    return parser
