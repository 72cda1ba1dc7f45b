"""The provider that variables of the predecessor name.

Other programs set a variable ``PROVIDER``, too, so it is obeyed only where the suite itself was asked for: by its
folder, its module or one of its own markers. In every other run it is a hint at most.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ragmeter.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLES = ("RAG_PROVIDER", "PROVIDER")
_OWN_MARKERS = re.compile(r"(?<!not )\b(?:north_south|ew_probe)\b")
_MODULE = "ragmeter.suite"
_OF_THE_SUITE = "test_north_south.py"


def named_by_variable(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """The value and the name of the first variable that is set."""
    return next(((environment[name], name) for name in VARIABLES if environment.get(name)), None)


def inherited_provider(config: pytest.Config, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """The provider's name and a notice of where it comes from. Raises ConfigError, which names the variable."""
    found = named_by_variable(environment)
    if found is None or not _asks_for_the_suite(config):
        return None
    from ragmeter.run.plan.catalog import find

    value, variable = found
    try:
        find(value, "provider")
    except ConfigError as error:
        raise ConfigError(f"environment {variable}: {error}; --provider=NAME|FILE wins over it") from error
    return value, f"the provider {value!r} is that of the environment variable {variable}; --provider wins over it"


def hint(environment: Mapping[str, str]) -> str:
    """For a run that lacks a provider, where a variable names one that is known; empty otherwise."""
    from ragmeter.run.plan.catalog import known

    found = named_by_variable(environment)
    if found is None or found[0] not in known("provider"):
        return ""
    return f" The environment variable {found[1]} says {found[0]!r}: --provider={found[0]} measures it."


def _asks_for_the_suite(config: pytest.Config) -> bool:
    if _OWN_MARKERS.search(config.option.markexpr):
        return True
    named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    return any(_is_of_the_suite(argument.partition("::")[0], config.invocation_params.dir) for argument in named)


def _is_of_the_suite(argument: str, folder: Path) -> bool:
    """A module of it, its folder or a file in its folder."""
    path = folder / argument
    module = argument == _MODULE or argument.startswith(f"{_MODULE}.")
    return module or (path if path.is_dir() else path.parent).joinpath(_OF_THE_SUITE).is_file()
