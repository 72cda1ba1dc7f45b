"""Where pytest's own reports of a measuring run go, and that a run that was refused has none."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragmeter._pytest.session.session import BenchSession


def place_reports(config: pytest.Config, session: BenchSession) -> None:
    """Have a page of the session and pytest's JUnit report beside the results, unless the user sent them elsewhere.

    Raises StorageError when a result could not be written later.
    """
    from ragmeter.clients.files import check_writable

    names = [provider.name for provider in session.probes.providers]
    folder = session.folder(*names)
    places = [folder, *(session.folder(name) for name in names)]
    config.stash[made_key] = [each for place in places for each in (place, *place.parents) if not each.exists()]
    for place in places:
        check_writable(place)
    config.stash[placed_key] = {name for name in ("xmlpath",) if getattr(config.option, name, "") is None}
    if getattr(config.option, "htmlpath", None) is None:
        config.stash[page_key] = folder / f"{session.stamp}.html"
    if getattr(config.option, "xmlpath", "none") is None:
        config.option.xmlpath = str(folder / f"{session.stamp}.xml")


def write_property(config: pytest.Config, name: str, value: str) -> None:
    """A property of the whole session in the JUnit file, if there is one."""
    junit = config.pluginmanager.get_plugin("junitxml")
    xml = config.stash.get(junit.xml_key, None) if junit else None
    if xml is not None:
        xml.add_global_property(name, value)


made_key: pytest.StashKey[list[Path]] = pytest.StashKey()
"""The folders that `place_reports` made, the innermost first."""


placed_key: pytest.StashKey[set[str]] = pytest.StashKey()
"""Which of pytest's reports `place_reports` asked for, and no user."""


def none_of_nothing(config: pytest.Config) -> None:
    """A session that measures nothing writes nothing but what its user has asked for."""
    placed = config.stash.get(placed_key, set())
    if page_key in config.stash:
        config.stash[page_key] = None
    if "xmlpath" in placed and (junit := config.pluginmanager.get_plugin("junitxml")):
        junit.pytest_unconfigure(config)
    _remove_folders(config)


@contextmanager
def none_of_a_refused_run(config: pytest.Config) -> Iterator[None]:
    """Whatever is refused within leaves no report, an empty page that looks like a run, and no folder, pytest's cache
    included.
    """
    try:
        yield
    except pytest.UsageError:
        _withdraw(config)
        raise


page_key: pytest.StashKey[Path | None] = pytest.StashKey()
"""Where the session's own page goes; None of a refused run, absent where the user has pytest-html write one."""


def page_of(config: pytest.Config) -> Path | None:
    """The page of the session, its own or that of pytest-html."""
    given = getattr(config.option, "htmlpath", None)
    return config.stash.get(page_key, None) if given is None else Path(given)


def _withdraw(config: pytest.Config) -> None:
    """pytest writes reports at the end of every session, so their writers have to go before it."""
    config.stash[page_key] = None
    plugins = config.pluginmanager
    for name in filter(plugins.has_plugin, ("lfplugin", "nfplugin")):
        plugins.unregister(name=name)
    _withdraw_html(config)
    if junit := plugins.get_plugin("junitxml"):
        junit.pytest_unconfigure(config)
    _remove_folders(config)


def _withdraw_html(config: pytest.Config) -> None:
    plugins = config.pluginmanager
    for plugin in [each for each in plugins.get_plugins() if type(each).__module__.startswith("pytest_html.")]:
        plugins.unregister(plugin)
    config.option.htmlpath = None


def _remove_folders(config: pytest.Config) -> None:
    for folder in config.stash.get(made_key, []):
        with suppress(OSError):  # something else lies in it
            folder.rmdir()
