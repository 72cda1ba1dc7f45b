"""Parts of a run make one run."""

import pytest

from ragmeter.core.run.plan import RunEnding, joined

DONE = RunEnding(status="complete", client_cpu_ratio=0.2, warnings=("a",))
BUSY = RunEnding(status="complete", client_cpu_ratio=0.9, warnings=("a", "b"))
CUT = RunEnding(status="interrupted", reason="Ctrl-C")


def test_run_is_as_its_parts() -> None:
    assert joined([DONE, BUSY]) == RunEnding(status="complete", client_cpu_ratio=0.9, warnings=("a", "b"))


def test_part_that_was_cut_cuts_the_run() -> None:
    assert joined([DONE, CUT]) == RunEnding(
        status="interrupted", reason="Ctrl-C", client_cpu_ratio=0.2, warnings=("a",)
    )


def test_part_whose_cpu_is_unknown_says_nothing_of_the_cpu() -> None:
    assert joined([CUT]).client_cpu_ratio is None


def test_run_without_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        joined([])
