"""Were the right passages found, while the service was under load?"""

import pytest

from ragmeter.typing import RunWorkload

pytestmark = pytest.mark.retrieval


def test_passages_are_found_under_load(run_workload: RunWorkload) -> None:
    """Of a service with other documents than the questions are about nothing is asked: a caveat says so."""
    retrieval = run_workload().retrieval
    assert retrieval is not None, "no request succeeded"
    assert retrieval.foreign or retrieval.gone or retrieval.hit_ratio.value, (
        f"none of {retrieval.n} questions found a labelled passage"
    )
