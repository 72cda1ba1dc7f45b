"""``ragmeter run``: the suite, wherever ragmeter is installed. What follows is what pytest takes."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

NAME = "run"
HELP = "measure: the suite on a provider, with every option of pytest"
CHECKOUT = Path("bench", "test_north_south.py")
SUITE = Path(__file__).parents[1] / "suite"
REWRITING = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
"""pytest says that it cannot rewrite what this very program has imported. No assertion of the library is a test's."""
DESCRIPTION = """\
Measure a RAG service: run the suite that is installed. It is the same as "pytest --pyargs ragmeter.suite …", and in a
checkout the same as "pytest bench …". Results go to the folder reports of the working directory.

  ragmeter run --provider=local                         a whole service on this machine
  ragmeter run --provider=aws-eks --base-url URL        a deployed one
  ragmeter run --provider=akamai-lke --provider=aws-eks --bench-trials=5
  ragmeter run -m ew_probe --provider=aws-eks           the network inside its cluster
"""
EPILOG = """\
Every other option of pytest works, too, such as -k, -m, -x, --collect-only and --junitxml: see "pytest --help".
Exit status: that of pytest: 0 passed, 1 a test failed, 2 interrupted, 4 refused before any load; 11 the limit on cost
or time was reached.
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Have it listed; its arguments are pytest's and parsed by pytest."""
    commands.add_parser(NAME, help=HELP, add_help=False)


def run(arguments: Sequence[str]) -> int:
    """The exit status of pytest. In a checkout its suite is run, as `pytest bench` does: what pytest finds by the name
    of a package has it read the conftest files of the folder, and those of the library's own tests need their packages.
    """
    if {"-h", "--help"} & {*arguments}:
        _help().print_help()
        return 0
    (command,) = distribution("pytest").entry_points.select(group="console_scripts", name="pytest")
    tests = [of_suite(each) for each in arguments]
    named = any(one != other for one, other in zip(tests, arguments, strict=True))
    suite = ["--pyargs"] if named else ["bench"] if CHECKOUT.is_file() else ["--pyargs", "ragmeter.suite"]
    sys.argv = ["ragmeter run", "-W", REWRITING, *suite, *tests]  # the first is pytest's name in its errors
    return int(command.load()())


def of_suite(argument: str) -> str:
    """A test of the suite, as pytest names it in its output, as pytest takes it."""
    file, separator, test = argument.partition("::")
    stem = file.removesuffix(".py")
    if not separator or file == stem or Path(file).exists() or not (SUITE / Path(file).name).is_file():
        return argument
    return f"ragmeter.suite.{Path(stem).name}::{test}"


def _help() -> argparse.ArgumentParser:
    shown = argparse.ArgumentParser(
        prog="ragmeter run",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s --provider=NAME|FILE [option …]",
    )
    add_options(shown)
    return shown


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those of the suite: to be shown, or completed."""
    from ragmeter._pytest.options.table import help_groups

    for _, title, options in help_groups():
        told = parser.add_argument_group(title)
        for option, words in options:
            told.add_argument(option.flag, **option.arguments(words))
