"""The page of the public API lists what is exported, and nothing else."""

from importlib.metadata import entry_points
from typing import get_args

import pytest

import ragmeter.plugin
import ragmeter.targets
import ragmeter.testing
import ragmeter.typing
from ragmeter import hookspecs
from ragmeter._pytest.hooks import live, unfit
from ragmeter._pytest.hooks.configure import markers
from ragmeter.cli import EXIT_ERROR
from ragmeter.clients.files import known_schemas
from ragmeter.core.campaign.events import Event
from tests.docs.pages import DOCS, tables
from tests.docs.test_docs_commands import subcommands

PAGE = DOCS / "reference" / "api.md"
LEVELS = {"stable", "provisional", "internal"}
EXPORTED = {
    "command": {f"ragmeter {action.dest}" for action in subcommands()},
    "fixture": set(ragmeter.plugin.__all__),
    "marker": set(markers),
    "hook": {name for name in vars(hookspecs) if name.startswith("pytest_")},
    "schema": set(known_schemas()),
    "event": {kind.__name__ for kind in get_args(Event)},
    "level": LEVELS,
}
"""First head of a table -> what its first column must list."""


@pytest.mark.parametrize("head", EXPORTED)
def test_a_table_lists_exactly_what_is_exported(head: str) -> None:
    (table,) = [table for table in tables(PAGE) if table[0][0] == head]
    assert {row[0] for row in table[1:]} == EXPORTED[head]
    assert len(table) == len(EXPORTED[head]) + 1


@pytest.mark.parametrize(
    "module", [ragmeter.typing, ragmeter.targets, ragmeter.testing], ids=lambda module: str(module.__name__)
)
def test_the_names_of_a_module_are_those_of_its_all(module: object) -> None:
    names = set(getattr(module, "__all__"))  # noqa: B009
    lists = [{row[0] for row in table[1:]} for table in tables(PAGE) if table[0][0] == "name"]
    assert names in lists


def test_every_level_is_one_that_the_page_defines() -> None:
    given = [row[1] for table in tables(PAGE) if table[0][1] == "level" for row in table[1:]]
    assert set(given) == {"stable", "provisional"}


def test_every_exit_status_is_listed() -> None:
    (table,) = [table for table in tables(PAGE) if table[0][0] == "status"]
    of_pytest = range(pytest.ExitCode.NO_TESTS_COLLECTED + 1)  # further ones are of options that are not ours
    assert {int(row[0]) for row in table[1:]} == {*of_pytest, EXIT_ERROR, live.BUDGET_SPENT, unfit.EXIT_INVALID}


def test_the_entry_point_is_the_one_that_is_named() -> None:
    (found,) = [point for point in entry_points(group="pytest11") if point.value.startswith("ragmeter")]
    assert found.name in PAGE.read_text(encoding="utf-8")
