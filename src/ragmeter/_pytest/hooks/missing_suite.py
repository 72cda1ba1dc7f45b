"""What somebody reads who asks for the suite in a folder that has none: what to type there."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

SUITE = "bench"
"""The suite's folder in a checkout; where ragmeter is installed it is the package ``ragmeter.suite``."""


def refuse_missing_suite(config: pytest.Config) -> None:
    """Raises pytest.UsageError for ``pytest bench`` where there is no such folder, before anything is written."""
    here = config.invocation_params.dir
    missing = [each for each in config.args if _is_suite(each) and not (here / _path_of(each)).exists()]
    if missing and not config.option.pyargs:
        raise pytest.UsageError(f"{missing[0]}: there is no such folder in {here}. {what_to_type(config)}")


def refuse_nothing(config: pytest.Config, items: Sequence[pytest.Item], markers: Sequence[str]) -> None:
    """Raises pytest.UsageError where nothing was collected although a measurement was asked for: by --provider, or by
    a marker of the suite.
    """
    asked = config.getoption("bench_provider") or any(marker in config.option.markexpr for marker in markers)
    if asked and not items:
        raise pytest.UsageError(f"there are no tests in {config.invocation_params.dir}. {what_to_type(config)}")


def what_to_type(config: pytest.Config) -> str:
    """The same run, of the suite that is installed."""
    given = [str(argument) for argument in config.invocation_params.args]
    others = shlex.join(argument for argument in given if not _is_suite(argument))
    return f"Type this: ragmeter run {others}; or: pytest --pyargs ragmeter.suite {others}"


def _is_suite(argument: str) -> bool:
    return _path_of(argument).parts[:1] == (SUITE,)


def _path_of(argument: str) -> Path:
    return Path(argument.partition("::")[0])
