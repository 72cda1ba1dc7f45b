"""The quick tests: arithmetic, texts and documents, without a process, a connection or a browser.

`pytest tests -m quick` collects these files and no others; a test of them that starts a process or opens a connection
fails. This table is the only place that says which they are.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
WHOLE: Sequence[str] = (
    "cli",
    "clients/answers",
    "clients/capture",
    "clients/connection",
    "clients/links/test_stamps.py",
    "clients/test_notation.py",
    "core",
    "report",
    "test_llm_streams.py",
)
"""Folders and files whose tests are quick."""
BUT: Sequence[str] = (
    "cli/test_cli_export.py",
    "cli/test_cli_files.py",
    "cli/test_cli_init.py",
    "cli/shards/test_cli_plan.py",
    "cli/test_cli_questions.py",
    "cli/test_cli_quick.py",
    "cli/test_cli_quick_real.py",
    "cli/test_cli_run.py",
    "cli/shards/test_cli_shards.py",
    "cli/test_cli_signals.py",
    "cli/test_cli_start.py",
    "cli/test_cli_target.py",
    "cli/test_cli_watch.py",
    "clients/answers/test_llm.py",
    "clients/answers/test_oddities.py",
    "clients/capture/test_capture_link.py",
    "clients/capture/test_capture_link_holds.py",
    "clients/capture/test_capture_ring.py",
    "report/html/test_accessibility.py",
    "report/test_comparison_page.py",
    "report/test_html_in_browser.py",
    "report/html/test_timeline_in_browser.py",
)
"""Files in these folders whose tests are not: a server, a browser, a wheel, or some seconds each."""
MARK = "quick"
DENIED = {
    "os.exec": "becomes another program",
    "os.fork": "starts a process",
    "os.posix_spawn": "starts a process",
    "socket.bind": "listens",
    "socket.connect": "opens a connection",
    "subprocess.Popen": "starts a process",
}
"""Audit events that a quick test must not cause, and what they mean."""


def is_quick(path: Path) -> bool:
    """Whether the tests of a file are quick."""
    if not path.is_relative_to(TESTS):
        return False
    inside = path.relative_to(TESTS)
    own = {inside.as_posix(), *(parent.as_posix() for parent in inside.parents)}
    return bool(own & set(WHOLE)) and not own & set(BUT)


class Guard:
    """While it is on, what a quick test must not do is an error that says so. An audit hook cannot be taken away."""

    def __init__(self) -> None:
        self._on = False
        self._installed = False

    def set(self, on: bool) -> None:
        if on and not self._installed:
            sys.addaudithook(self._hook)
            self._installed = True
        self._on = on

    def _hook(self, event: str, _arguments: object) -> None:
        if self._on and event in DENIED:
            self._on = False
            pytest.fail(f"a quick test {DENIED[event]} ({event}): see tests/quick.py")
