"""Hooks that a conftest or another plugin may implement; ragmeter's own behaviour is one implementation of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmeter.core.inputs.provider import Provider
    from ragmeter.core.inputs.workload import Workload
    from ragmeter.core.result.result import RunResult
    from ragmeter.core.run.metadata import Source
    from ragmeter.targets import Speaker


@pytest.hookspec
def pytest_ragmeter_update_metadata(
    config: pytest.Config, provider: Provider, workload: Workload, sources: list[Source]
) -> None:
    """Change ``sources`` in place before a run; the first source that knows a field wins.

    ragmeter's own implementation, which asks the backend, the LLM, Kubernetes, the environment and the provider file,
    has run before yours unless yours is marked ``tryfirst``.
    """


@pytest.hookspec
def pytest_ragmeter_targets(config: pytest.Config) -> Mapping[str, type[Speaker]] | None:
    """Plug-ins of targets by name, for the key ``plugin`` of a target; see `ragmeter.targets`.

    Load processes import them, so they are classes of modules that can be imported, and not of a conftest.py.
    """


@pytest.hookspec(firstresult=True)
def pytest_ragmeter_update_report(config: pytest.Config, result: RunResult) -> RunResult | None:
    """Return another result, to be written instead of ``result``; None leaves it to the next implementation."""
