"""How fast is it, seen from the client, and is that good enough?"""

import pytest

from ragmeter.typing import PrecisionCheck, RunWorkload, SloCheck

pytestmark = pytest.mark.north_south


def test_the_harness_was_fit_to_measure(run_workload: RunWorkload) -> None:
    harness = run_workload().harness
    assert not harness.reasons, f"INVALID: {'; '.join(harness.reasons)}"


def test_something_was_measured(run_workload: RunWorkload) -> None:
    result = run_workload()
    assert result.success > 0, f"none of {result.requests} requests succeeded: {result.errors_by_class}"


def test_slo(run_workload: RunWorkload, slo: SloCheck) -> None:
    slo.check(run_workload())


def test_intervals_are_as_narrow_as_asked(precision: PrecisionCheck) -> None:
    precision.check()
