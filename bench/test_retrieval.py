"""Were the right passages found, while the service was under load?"""

import pytest

from ragmeter.typing import RunWorkload, Workload

pytestmark = pytest.mark.retrieval


def test_passages_are_found_under_load(run_workload: RunWorkload, workload: Workload) -> None:
    if not any(prompt.relevant for prompt in workload.prompts):
        pytest.skip("no prompt of this workload has labelled passages")
    retrieval = run_workload().retrieval
    assert retrieval is not None, "no request succeeded"
    assert retrieval.hit_ratio.value, f"none of {retrieval.n} questions found a labelled passage"
