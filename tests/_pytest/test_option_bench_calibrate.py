"""--bench-calibrate: whether the client's own error is measured before a run."""

import pytest

from tests._pytest.project import Project, refused


@pytest.mark.parametrize(
    ("option", "environment", "ini", "done"),
    [(None, None, None, True), ("off", "on", "on", False), (None, "off", "on", False), (None, None, "off", False)],
)
def test_it_is_done_unless_option_environment_or_ini_say_no(
    project: Project, option: str | None, environment: str | None, ini: str | None, done: bool
) -> None:
    project.patch.delenv("RAGMETER_CALIBRATE")
    if ini is not None:
        project.ini(bench_calibrate=ini)
    if environment is not None:
        project.env(RAGMETER_CALIBRATE=environment)
    outcome = project.run(*([] if option is None else [f"--bench-calibrate={option}"]))
    outcome.assert_outcomes(passed=1)
    calibration = project.result()["harness"]["calibration"]
    assert (calibration is not None) is done
    assert project.sent == 2, "the service is not asked for the calibration"
    said = "own error TTFT" in outcome.stdout.str()
    assert said is done
    if done:
        assert sorted(calibration["floors"]) == ["itl_ms", "tpot_ms", "ttft_ms"]
        page = next(project.reports.glob("ns/*/*.html")).read_text(encoding="utf-8")
        assert "Own error of the client, TTFT" in page


def test_word_that_is_neither_is_refused(project: Project) -> None:
    refused(project, project.run("--bench-calibrate=maybe"), "--bench-calibrate", "'maybe'")
