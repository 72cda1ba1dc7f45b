"""``ragmeter completion``: what a shell needs to complete commands, options and known names."""

import argparse
from collections.abc import Callable
from typing import Final

from ragmeter.cli.terminal import say
from ragmeter.core.errors import ConfigError

SHELLS: Final = ("bash", "zsh", "fish")
_PROGRAM: Final = "ragmeter"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "completion",
        help="print the completion of commands and options for a shell",
        description='Print a script for a shell: eval "$(ragmeter completion bash)" in its start file. Needs the '
        "package shtab: pip install 'ragmeter[completion]'.",
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=f"one of {', '.join(SHELLS)}")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Raises ConfigError without the package."""
    try:
        import shtab
    except ImportError:
        raise ConfigError("completion needs the package shtab: pip install 'ragmeter[completion]'") from None
    from ragmeter.cli import whole_parser

    write: Callable[..., str] = shtab.complete
    say(write(whole_parser(), shell=options.shell).rstrip())
    return 0
