"""Run tests, and try those that failed beside others once more, alone: ``python -m tools.second_try ARGUMENT…``.

The arguments are pytest's. Three test processes share two cores, and some tests hold a clock, a process or a server to
what a machine that is free would do. A test that fails there and passes alone is named at the end as unsteady: it is
to be mended, but it says nothing against the change at hand. More than a few such tests are a fault of their own, and
so is anything but failed tests; neither is tried again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

MOST = 8
"""Tests that may be tried again. A fault of the product fails more, or fails alone, too."""
FAILED = 1
"""pytest's exit status when tests failed and nothing else went wrong."""


def main(arguments: Sequence[str]) -> int:
    """The exit status of the last try."""
    with tempfile.TemporaryDirectory(prefix="ragmeter-tests-") as cache:
        kept = ["-o", f"cache_dir={cache}"]
        status = _pytest([*arguments, *kept])
        failed = failed_tests(Path(cache)) if status == FAILED else []
        if not failed:
            return status
        if len(failed) > MOST:
            print(f"second_try.py: {len(failed)} tests failed, more than the {MOST} that are tried again", flush=True)
            return status
        print(f"\nsecond_try.py: {_listed('failed beside others, now alone', failed)}", flush=True)
        status = _pytest([*arguments, *kept, "-n", "0", "--last-failed", "--last-failed-no-failures=none"])
        if status == 0:
            print(f"\nsecond_try.py: {_listed('UNSTEADY, passed alone', failed)}", flush=True)
        return status


def failed_tests(cache: Path) -> list[str]:
    """What pytest kept of the tests that failed; none where it kept nothing."""
    kept = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else []


def _listed(what: str, tests: Sequence[str]) -> str:
    return "\n".join([f"{len(tests)} {what}:", *(f"  {test}" for test in tests)])


def _pytest(arguments: Sequence[str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
