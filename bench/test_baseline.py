"""Is it as good as in the saved run of --bench-baseline?"""

import pytest

from ragmeter.typing import BaselineCheck

pytestmark = pytest.mark.north_south


def test_no_regression(baseline: BaselineCheck) -> None:
    baseline.check()
