"""The stopwatch of the first figure, on commands that say what the suite says."""

import sys

from experiments.first_figure import report, run

CHILD = "held = b'x' * 50_000_000; import time; time.sleep(0.6)"
SAYS = f"""
import subprocess, sys, time
print("collected 9 items / 2 deselected", flush=True)
subprocess.run([sys.executable, "-c", {CHILD!r}])
print("bench/test_contract.py::test_one_question_is_answered PASSED [ 11%]", flush=True)
print("smoke @ local measured 6/40, 0 errors", flush=True)
sys.exit(3)
"""


def test_stages_are_dated_when_the_output_says_them_and_others_are_not() -> None:
    made = run([sys.executable, "-c", SAYS])
    assert list(made.stages) == ["tests collected", "first question answered", "end"]
    assert made.stages["first question answered"] - made.stages["tests collected"] > 0.5
    assert made.status == 3


def test_memory_and_cpu_time_are_of_the_descendants_too() -> None:
    made = run([sys.executable, "-c", SAYS])
    assert 50 < made.pss_mb < made.rss_mb < 500
    assert made.cpu_s > 0


def test_the_report_compares_with_the_targets() -> None:
    made = run([sys.executable, "-c", "print('PASSED')"])
    made.stages |= {"first question answered": 6.0, "end": 45.0}
    rows = {line.split("  ")[0]: line.split()[-1] for line in report(made).splitlines()}
    assert (rows["first question answered"], rows["end"]) == ("0.50", "0.50")
