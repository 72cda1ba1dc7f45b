"""What fails beside others is tried alone, once, and named; what fails alone, too, stays failed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.tethered import tethered
from tools.second_try import MOST

ROOT = Path(__file__).resolve().parents[2]
ONCE = """
    from pathlib import Path
    def test_at_the_second_try():
        seen = Path(__file__).with_suffix(".seen")
        again, _ = seen.exists(), seen.touch()
        assert again
"""
PASSES = "def test_passes(): pass"
FAILS = "def test_fails(): assert False"
MANY = f"import pytest\n@pytest.mark.parametrize('number', range({MOST + 1}))\ndef test_fails(number): assert False"
BROKEN = "def test_broken(:"


@pytest.mark.parametrize(
    ("files", "status", "said", "unsaid"),
    [
        ([PASSES], 0, "1 passed", "second_try.py"),
        ([PASSES, ONCE], 0, "1 UNSTEADY, passed alone:\n  test_1.py::test_at_the_second_try", "2 UNSTEADY"),
        ([ONCE, FAILS], 1, "2 failed beside others, now alone:\n  test_0.py", "UNSTEADY"),
        ([MANY], 1, f"{MOST + 1} tests failed, more than the {MOST} that are tried again", "now alone"),
        ([BROKEN], 2, "SyntaxError", "UNSTEADY"),
        ([], 5, "no tests ran", "second_try.py"),
    ],
    ids=["passes", "unsteady", "fails", "many", "broken", "none"],
)
def test_second_try(tmp_path: Path, files: list[str], status: int, said: str, unsaid: str) -> None:
    for number, source in enumerate(files):
        (tmp_path / f"test_{number}.py").write_text(textwrap.dedent(source), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    program = tethered([sys.executable, str(ROOT / "tools" / "second_try.py"), "-p", "xdist", "-n", "2"])
    bare = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(program, cwd=tmp_path, env=bare, check=False, capture_output=True, text=True, timeout=120)
    assert (done.returncode, said in done.stdout + done.stderr) == (status, True), done.stdout + done.stderr
    assert unsaid not in done.stdout
