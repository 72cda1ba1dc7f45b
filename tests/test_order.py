"""What is said of the tests in their tables is true: which are quick, and which come first."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.order import FOLDERS, LONGEST, ROOT, place_in_line, unit_of
from tests.quick import BUT, TESTS, WHOLE, Guard, is_quick

WAIT_S = 300.0


@pytest.mark.parametrize("unit", LONGEST)
def test_what_comes_first_is_there_and_is_a_unit(unit: str) -> None:
    assert (ROOT / unit).exists()
    assert unit_of(f"{unit}/test_x.py::test" if unit in FOLDERS else f"{unit}::test") == unit


def test_files_that_share_servers_are_one_unit_and_others_are_not() -> None:
    assert unit_of("tests/grafana/test_panels.py::test_a[b::c]") == unit_of("tests/grafana/test_setup.py::test_d")
    assert unit_of("tests/run/test_store.py::test_a") == "tests/run/test_store.py"
    assert place_in_line(f"{LONGEST[0]}::test") < place_in_line("tests/run/test_store.py::test_a") == len(LONGEST)


SCHEDULED = (
    "from tests.order import InOrder\n\ndef pytest_xdist_make_scheduler(config, log):\n    return InOrder(config, log)"
)
PASSES = "def test_{}(): pass"
DIES = "def test_dies(): import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.mark.parametrize(
    ("files", "passed", "failed"),
    [
        ({"one": [1, DIES, 2], "two": [3], "three": [4], "four": [DIES]}, 4, 2),
        ({"one": [DIES]}, 0, 1),
        ({"one": [DIES, 1]}, 1, 1),
    ],
    ids=["within a unit and at the end", "the only test", "one test is left"],
)
def test_tests_go_on_where_a_test_process_was_killed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, files: dict[str, list[object]], passed: int, failed: int
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    pytester.makeconftest(SCHEDULED)
    for name, tests in files.items():
        lines = [PASSES.format(each) if isinstance(each, int) else str(each) for each in tests]
        pytester.makepyfile(**{f"test_{name}": "\n".join(lines)})
    arguments = ("-p", "xdist", "-p", "no:cacheprovider", "-n", "2")
    pytester.runpytest_subprocess(*arguments, timeout=WAIT_S).assert_outcomes(passed=passed, failed=failed)


@pytest.mark.parametrize("name", [*WHOLE, *BUT])
def test_what_is_quick_and_what_is_not_is_there(name: str) -> None:
    assert (TESTS / name).exists()
    assert name in WHOLE or any(Path(name).is_relative_to(folder) for folder in WHOLE)


@pytest.mark.parametrize(
    ("path", "quick"),
    [
        ("core/stats/test_stats.py", True),
        ("report/test_html.py", True),
        ("report/test_html_in_browser.py", False),
        ("e2e/test_main_job.py", False),
        ("../src/ragmeter/plugin.py", False),
    ],
)
def test_tables_say_of_each_file_whether_it_is_quick(path: str, quick: bool) -> None:
    assert is_quick((TESTS / path).resolve()) is quick


def _listens() -> None:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))


def _connects() -> None:
    with socket.socket() as made:
        made.connect_ex(("127.0.0.1", 9))


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (lambda: subprocess.run([sys.executable, "-c", ""], check=True), "starts a process"),
        (_listens, "listens"),
        (_connects, "opens a connection"),
    ],
    ids=["process", "listens", "connects"],
)
def test_quick_test_that_does_more_fails_with_what_it_did(does: Callable[[], object], words: str) -> None:
    guard = Guard()
    guard.set(True)
    with pytest.raises(pytest.fail.Exception, match=f"a quick test {words}"):
        does()
    does()  # the guard has said it once
    guard.set(False)
