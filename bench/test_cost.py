"""What did it cost?"""

import pytest

from ragmeter.typing import RunWorkload

pytestmark = pytest.mark.cost


def test_the_run_is_priced(run_workload: RunWorkload) -> None:
    cost = run_workload().cost
    assert cost is not None, "the provider file has no price sheet"
    assert cost.benchmark_run_cost_usd is not None, f"the price sheet is incomplete: {'; '.join(cost.warnings)}"
