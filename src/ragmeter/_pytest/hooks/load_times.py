"""The time of a test that measured is that of its load: calibration, starts of services and reports are none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from ragmeter._pytest.session.finished import Finished
    from ragmeter.core.run.saved import SavedRun


def time_of_load(report: pytest.TestReport, finished: Sequence[Finished], before: int) -> int:
    """Set the time of the test whose call has measured what is finished since ``before``; returns how many are.

    Runs that took turns are as long as the longest of them.
    """
    spans = [span for each in finished[before:] if (span := _span_s(each.run)) is not None]
    if spans:
        report.duration = max(spans)
    return len(finished)


def _span_s(run: SavedRun) -> float | None:
    """From the first request that was sent, warm-up included, to the end of the last."""
    sent = [sample.sent_ns for sample in run.samples if sample.sent_ns is not None]
    return (max(sample.ended_ns for sample in run.samples) - min(sent)) / 1e9 if sent else None
