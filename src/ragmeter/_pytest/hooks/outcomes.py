"""What a failed test makes of the run that it is of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ragmeter._pytest.hooks.collect import case_fixture, slo_fixture
from ragmeter._pytest.hooks.unfit import INVALID
from ragmeter.core.errors import SloViolation
from ragmeter.core.result.failures import FailedTest
from ragmeter.core.verdicts.records import Outcome

if TYPE_CHECKING:
    import pytest

    from ragmeter._pytest.session.failed import FailedTests
    from ragmeter.core.inputs.masking import Secrets


_EXCEPTION = re.compile(r"^(AssertionError|Failed|[\w.]*SloViolation): ")
"""What pytest writes before the words of a test."""


def note_failure(
    failed: FailedTests, item: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport, secrets: Secrets
) -> None:
    """Of a live test that failed in its set-up, its call or its end."""
    asked = _parameters(item)
    case = asked.get(case_fixture)
    if report.failed and case is not None:
        found = FailedTest(
            test=item.name,
            outcome=_outcome(item, call, report),
            sentence=secrets.mask(_sentence(report)),
            of_slo=asked.get(slo_fixture) is not None and isinstance(_error(call), SloViolation),
        )
        failed.add(case.id, found)


def _parameters(item: pytest.Item) -> dict[str, Any]:
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}


def _outcome(item: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport) -> Outcome:
    """What the failure makes of the run: FAIL, unless the test knows better."""
    error = _error(call)
    if isinstance(error, SloViolation):
        return Outcome(error.outcome)
    if _parameters(item).get(slo_fixture, item) is None:
        return Outcome.NOT_JUDGED
    return Outcome.INVALID if INVALID in report.user_properties else Outcome.FAIL


def _error(call: pytest.CallInfo[Any]) -> BaseException | None:
    return call.excinfo.value if call.excinfo else None


def _sentence(report: pytest.TestReport) -> str:
    """The first line of what the test says of its failure."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash else report.longrepr).strip()
    return _EXCEPTION.sub("", text.splitlines()[0]) if text else f"failed in {report.when}"
