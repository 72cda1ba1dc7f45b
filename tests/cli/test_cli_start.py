"""What a command imports: its own module alone, which is what its start takes."""

import argparse
import subprocess
import sys

import pytest

from ragmeter.cli import _COMMANDS, _parser

SAY = "import sys; from ragmeter.cli import main\ntry: main(sys.argv[1:])\nexcept SystemExit: pass\nprint(*sys.modules)"


def _names(parser: argparse.ArgumentParser) -> list[str]:
    (commands,) = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return list(commands.choices)


def test_the_table_of_commands_has_each_once_and_no_other() -> None:
    listed = [name for names in _COMMANDS.values() for name in names]
    assert _names(_parser()) == _names(_parser("no command"))
    assert sorted(listed) == sorted(_names(_parser()))
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("names", _COMMANDS.values(), ids=lambda names: names[0])
def test_a_module_adds_the_commands_of_the_table(names: tuple[str, ...]) -> None:
    assert {tuple(sorted(_names(_parser(name)))) for name in names} == {tuple(sorted(names))}


@pytest.mark.parametrize(
    ("arguments", "without"),
    [
        (["--version"], {"numpy", "pydantic", "httpx", "pytest", "yaml", "ragmeter.cli.compare"}),
        (["files", "schemas"], {"pytest", "ragmeter.cli.compare", "ragmeter.report.html.scorecard_page"}),
    ],
    ids=["version", "files"],
)
def test_a_command_imports_nothing_that_it_does_not_use(arguments: list[str], without: set[str]) -> None:
    command = [sys.executable, "-c", SAY, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert without & set(ended.stdout.split()) == set()
