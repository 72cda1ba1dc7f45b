"""What pytest is told of the options: flags and ini values."""

from pathlib import Path

import pytest

from ragmeter._pytest.options.table import (
    FIRST,
    NAMES_OF_THE_PREDECESSOR,
    OPTIONS,
    OTHER_NAMES,
    OTHER_NAMES_TITLE,
    help_groups,
)
from ragmeter._pytest.options.target_options import TARGETS


def add_options(parser: pytest.Parser) -> None:
    """Declare the flag that is ours alone, and the ini value, of every option."""
    for name, title, options in help_groups():
        told = parser.getgroup(name, title)
        for option, words in options:
            if not option.short:
                told.addoption(option.long, **option.arguments(words))
            parser.addini(option.name, option.ini_help, type=option.takes.value.ini_type, default=None)
    others = parser.getgroup(OTHER_NAMES, OTHER_NAMES_TITLE)
    for option in OPTIONS.values():
        if option.short:
            others.addoption(option.long, **option.arguments(f"{option.short}, which another plugin may own"))


def add_short_names(parser: pytest.Parser) -> None:
    """Declare the short names that nobody else has declared; call it when plugins and conftests are loaded."""
    group = parser.getgroup(TARGETS.name)
    same = parser.getgroup(OTHER_NAMES)
    taken = known_flags(parser)
    for option in TARGETS.options:
        if option.short and option.short not in taken:
            group.addoption(option.short, **option.arguments(TARGETS.help_of(option)))
    for flag, option in NAMES_OF_THE_PREDECESSOR.items():
        if flag not in taken:
            same.addoption(flag, **option.arguments(option.flag))
    place = {option.name: number for number, option in enumerate(FIRST)}
    for shown in (group.options, getattr(getattr(group, "_arggroup", None), "_group_actions", [])):  # from pytest 9 on
        shown.sort(key=lambda at: place.get(at.dest, len(place)))


def is_loaded_by_conftest(pluginmanager: pytest.PytestPluginManager) -> bool:
    """Whether a conftest is known already: then the plugins of the environment are, too, and no hook will follow."""
    files = [getattr(plugin, "__file__", None) for plugin in pluginmanager.get_plugins()]
    return any(file is not None and Path(file).name == "conftest.py" for file in files)


def known_flags(parser: pytest.Parser) -> set[str]:
    """Of pytest and all its plugins."""
    groups = [*parser._groups, parser._anonymous]
    return {name for group in groups for option in group.options for name in option.names()}
