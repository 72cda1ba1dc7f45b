"""From verdicts to test outcomes: what fails, what warns, and what may be skipped."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmeter.core.errors import InconclusiveWarning, SloViolation
from ragmeter.core.verdicts.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from ragmeter.core.compare.regression import Regression
    from ragmeter.core.result.result import RunResult
    from ragmeter.core.run.plan import DeclaredSlo
    from ragmeter.core.verdicts.records import SloVerdict


@dataclass(frozen=True, slots=True)
class SloCheck:
    """One declared SLO, to be checked against a result."""

    declared: DeclaredSlo
    strict: bool
    node: pytest.Item

    def check(self, result: RunResult) -> SloVerdict:
        """The verdict. Raises SloViolation for FAIL, NO_DATA and INVALID; in strict mode for INCONCLUSIVE, too.

        Otherwise INCONCLUSIVE warns.
        """
        __tracebackhide__ = True
        from ragmeter.core.verdicts.slo import parse_slo

        wanted = parse_slo(self.declared.expression, self.declared.origin).expression
        verdict = next(verdict for verdict in result.verdicts if verdict.slo == wanted)
        self.node.user_properties.extend([("slo", verdict.slo), ("verdict", verdict.outcome.value)])
        settle(verdict.outcome, verdict.sentence, strict=self.strict)
        return verdict


@dataclass(frozen=True, slots=True)
class BaselineCheck:
    """One metric, to be checked against the baseline or the reference when the workload was run.

    judge: gives the verdict. kind: the name of the metric among the properties of the test.
    """

    judge: Callable[[], Regression]
    strict: bool
    node: pytest.Item
    kind: str = "baseline_metric"

    def check(self) -> Regression:
        """The verdict. Raises SloViolation for FAIL, NO_DATA and INVALID; in strict mode for INCONCLUSIVE, too.

        Otherwise INCONCLUSIVE warns.
        """
        __tracebackhide__ = True
        verdict = self.judge()
        self.node.user_properties.extend(
            [
                (self.kind, verdict.subject),
                ("verdict", verdict.outcome.value),
                ("sentence", verdict.sentence),
            ]
        )
        settle(verdict.outcome, verdict.sentence, strict=self.strict)
        return verdict


@dataclass(frozen=True, slots=True)
class PrecisionCheck:
    """Whether the run came to know what ``until`` asks."""

    measure: Callable[[], RunResult]
    strict: bool

    def check(self) -> RunResult:
        """The result. In strict mode SloViolation when the run ended before its intervals were narrow enough.

        Otherwise that warns.
        """
        __tracebackhide__ = True
        result = self.measure()
        if result.undecided is not None:
            settle(Outcome.INCONCLUSIVE, f"{result.run_id}: {result.undecided}", strict=self.strict)
        return result


def settle(outcome: Outcome, sentence: str, *, strict: bool) -> None:
    """Pass, warn or raise SloViolation."""
    __tracebackhide__ = True
    if outcome is Outcome.PASS:
        return
    if outcome is not Outcome.INCONCLUSIVE or strict:
        raise SloViolation(outcome.value, sentence)
    # Of no file: pytest shows the line of the source otherwise, which says nothing.
    warnings.warn_explicit(InconclusiveWarning(sentence), InconclusiveWarning, "ragmeter", 0)


def forbid_skip(item: pytest.Item, report: pytest.TestReport) -> None:
    """Turn the skip of a selected live test into a failure: what was not measured is not fine."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: {reason} (--bench-strict: a live test must not be skipped)"
