"""What did it cost?"""

import pytest

from ragmeter.typing import Provider, RunWorkload

pytestmark = pytest.mark.cost


def test_the_run_is_priced(run_workload: RunWorkload, provider: Provider) -> None:
    if provider.cost is None:
        pytest.skip(f"{provider.path} has no price sheet")
    cost = run_workload().cost
    assert cost is not None
    assert cost.benchmark_run_cost_usd is not None, f"the price sheet is incomplete: {'; '.join(cost.warnings)}"
