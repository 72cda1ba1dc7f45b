"""Live progress of a command, on a terminal alone: a log has the lines that the command ends with."""

import sys

from ragmeter.report.live import LiveProgress


class TerminalProgress(LiveProgress):
    """Draws on standard error. Silent where that is no terminal."""

    def __init__(self, label: str) -> None:
        """label: what the figures belong to."""
        super().__init__(show_errors=0)
        self.case(label)

    @property
    def _live(self) -> bool:
        return sys.stderr.isatty()

    def _write(self, text: str) -> None:
        if self._live:
            sys.stderr.write(text)
            sys.stderr.flush()
