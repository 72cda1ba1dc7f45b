"""A missed SLO, an undecided one, and a failed check of the suite are sentences: source and records say nothing more to
their reader.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import ragmeter
from ragmeter.core.errors import InconclusiveWarning, SloViolation
from ragmeter.core.verdicts.records import Outcome

if TYPE_CHECKING:
    import warnings

    import pytest

SUITE = (Path(ragmeter.__file__).parent / "suite").resolve()


def say_in_words(item: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport) -> None:
    """Show the sentence instead of source and values; a test of the user's own keeps what pytest shows of it."""
    found = call.excinfo
    if not report.failed or found is None or not isinstance(found.value, AssertionError):
        return
    if not (isinstance(found.value, SloViolation) or item.path.resolve().is_relative_to(SUITE)):
        return
    sentence = _words(found.value)
    shown = found.getrepr(style="value")
    if shown.reprcrash is not None:
        shown.reprcrash.message = sentence
    for entry in getattr(getattr(shown, "reprtraceback", None), "reprentries", ()):
        entry.lines[:] = [sentence]
    report.longrepr = shown


def warn_in_words(config: pytest.Config, warning: warnings.WarningMessage) -> None:
    """Let the summary of pytest show an undecided SLO as it shows a missed one, without a file and a line of source."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or not issubclass(warning.category, InconclusiveWarning):
        return
    for report in terminal.stats.get("warnings", ())[-1:]:
        report.message = f"{Outcome.INCONCLUSIVE.value}: {warning.message}"


def _words(error: AssertionError) -> str:
    """What the test says, without what pytest adds about the values in the assertion."""
    return str(error).partition("\nassert ")[0].strip() or "the check failed"
