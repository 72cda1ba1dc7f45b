"""--bench-calibrate: whether the client measurement error is measured before a run."""

import pytest

from tests._pytest.project import Project


@pytest.mark.parametrize(("option", "done"), [((), True), (("--bench-calibrate=off",), False)])
def test_it_is_done_unless_the_option_says_no(project: Project, option: tuple[str, ...], done: bool) -> None:
    project.patch.delenv("RAGMETER_CALIBRATE")
    outcome = project.run(*option)
    outcome.assert_outcomes(passed=1)
    calibration = project.result()["harness"]["calibration"]
    assert (calibration is not None) is done
    assert project.sent == 2, "the service is not asked for the calibration"
    said = "measurement error TTFT" in outcome.stdout.str()
    assert said is done
    if done:
        assert sorted(calibration["floors"]) == ["itl_ms", "tpot_ms", "ttft_ms"]
        page = next(project.reports.glob("ns/*/*.html")).read_text(encoding="utf-8")
        assert "Client measurement error, TTFT" in page
