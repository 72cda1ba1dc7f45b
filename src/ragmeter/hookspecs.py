"""Hooks that a conftest or another plugin may implement; ragmeter's own behaviour is one implementation of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ragmeter.core.inputs.provider import Provider
    from ragmeter.core.inputs.workload import Workload
    from ragmeter.core.result.result import RunResult
    from ragmeter.core.run.metadata import Source


@pytest.hookspec
def pytest_ragmeter_update_metadata(
    config: pytest.Config, provider: Provider, workload: Workload, sources: list[Source]
) -> None:
    """Change ``sources`` in place before a run; the first source that knows a field wins.

    ragmeter's own implementation, which asks the backend, the LLM, Kubernetes, the environment and the provider file,
    has run before yours unless yours is marked ``tryfirst``.
    """


@pytest.hookspec(firstresult=True)
def pytest_ragmeter_update_report(config: pytest.Config, result: RunResult) -> RunResult | None:
    """Return another result, to be written instead of ``result``; None leaves it to the next implementation."""
