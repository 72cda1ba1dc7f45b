"""--bench-clock: where arrival times are taken."""

import pytest

from ragmeter._pytest.options.table import OPTIONS
from ragmeter.clients.http.clocks import _OFFERED, CLOCKS, offered_clocks
from tests._pytest.project import Project, refused
from tests.privileges import EACH_CLOCK


def test_names_of_the_option_are_those_of_the_client() -> None:
    assert OPTIONS["bench_clock"].choices == CLOCKS


@pytest.mark.parametrize("clock", EACH_CLOCK)
def test_result_names_the_clock_that_was_asked_for(project: Project, clock: str) -> None:
    project.run(f"--bench-clock={clock}").assert_outcomes(passed=1)
    harness = project.result()["harness"]
    assert harness["clock"] == clock
    assert (harness["exact_stamp_ratio"] is None) == (clock == "user")


def test_best_clock_is_the_default(project: Project) -> None:
    project.run().assert_outcomes(passed=1)
    assert project.result()["harness"]["clock"] == offered_clocks()[0]


def test_clock_that_is_not_to_be_had_is_refused_before_any_load(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The capability is taken away by hand here; `capture_offered` itself asks the kernel."""
    monkeypatch.setitem(_OFFERED, "capture", lambda: False)
    words = "clock 'capture' needs Linux and the capability CAP_NET_RAW"
    refused(project, project.run("--bench-clock=capture"), words)
