"""--bench-timeout."""

import pytest

from tests._pytest.project import WORKLOAD, Project


@pytest.mark.parametrize("script", ["hangs_before_headers", "hangs_midway", "trickles_for_ever"])
def test_request_that_hangs_is_given_up(project: Project, script: str) -> None:
    project.provider(script=script)
    project.run("--bench-timeout=0.3").assert_outcomes(passed=1)
    result = project.result()
    assert result["errors_by_class"] == {"timeout": 2}
    assert result["duration_seconds"] < WORKLOAD["benchmark"]["timeout"]
