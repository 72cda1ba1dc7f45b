"""What pytest is told of the options: flags and ini values."""

from pathlib import Path

import pytest

from ragmeter._pytest.options.table import GROUPS, NAMES_OF_THE_PREDECESSOR
from ragmeter._pytest.options.target_options import TARGETS


def add_options(parser: pytest.Parser) -> None:
    """Declare the flag that is ours alone, and the ini value, of every option."""
    for group in GROUPS:
        told = parser.getgroup(group.name, group.title)
        for option in group.options:
            same = f"the same as {option.short}, which another plugin may own"
            told.addoption(option.long, **option.arguments(same if option.short else group.help_of(option)))
            parser.addini(option.name, option.ini_help, type=option.takes.value.ini_type, default=None)


def add_short_names(parser: pytest.Parser) -> None:
    """Declare the short names that nobody else has declared; call it when plugins and conftests are loaded."""
    group = parser.getgroup(TARGETS.name)
    others = [*parser._groups, parser._anonymous]
    taken = {name for other in others for option in other.options for name in option.names()}
    for option in TARGETS.options:
        if option.short and option.short not in taken:
            group.addoption(option.short, **option.arguments(TARGETS.help_of(option)))
    for flag, option in NAMES_OF_THE_PREDECESSOR.items():
        if flag not in taken:
            group.addoption(flag, **option.arguments(f"the same as {option.long}"))


def is_loaded_by_conftest(pluginmanager: pytest.PytestPluginManager) -> bool:
    """Whether a conftest is known already: then the plugins of the environment are, too, and no hook will follow."""
    files = [getattr(plugin, "__file__", None) for plugin in pluginmanager.get_plugins()]
    return any(file is not None and Path(file).name == "conftest.py" for file in files)
