"""Where pytest's own reports of a measuring run go, and that a run that was refused has none."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragmeter._pytest.session import BenchSession


def place_reports(config: pytest.Config, session: BenchSession) -> None:
    """Send pytest's HTML and JUnit reports beside the results, unless the user sent them elsewhere.

    Raises StorageError when a result could not be written later.
    """
    from ragmeter.clients.files import check_writable

    names = [provider.name for provider in session.probes.providers]
    for place in [session.folder(*names), *(session.folder(name) for name in names)]:
        check_writable(place)
    folder = session.folder(*names)
    if getattr(config.option, "htmlpath", "none") is None:
        config.option.htmlpath = str(folder / f"{session.stamp}.html")
        config.option.self_contained_html = True
    if getattr(config.option, "xmlpath", "none") is None:
        config.option.xmlpath = str(folder / f"{session.stamp}.xml")


@contextmanager
def none_of_a_refused_run(config: pytest.Config) -> Iterator[None]:
    """Whatever is refused within leaves no report: it would be an empty page that looks like a run."""
    try:
        yield
    except pytest.UsageError:
        _withdraw(config)
        raise


def _withdraw(config: pytest.Config) -> None:
    """pytest writes reports at the end of every session, so their writers have to go before it."""
    plugins = config.pluginmanager
    for plugin in [each for each in plugins.get_plugins() if type(each).__module__.startswith("pytest_html.")]:
        plugins.unregister(plugin)
    if junit := plugins.get_plugin("junitxml"):
        junit.pytest_unconfigure(config)
