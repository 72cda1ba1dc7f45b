"""Live progress of a command. A module of its own: what it imports takes a moment that most commands do not need."""

import sys

from ragmeter.report.text.live import LiveProgress


class TerminalProgress(LiveProgress):
    """Live progress of a command. Silent where standard error is no terminal: a log has the lines that the command
    ends with.
    """

    def __init__(self, label: str) -> None:
        """label: what the figures belong to."""
        super().__init__(show_errors=0, label=label)

    @property
    def _live(self) -> bool:
        return sys.stderr.isatty()

    def _write(self, text: str) -> None:
        if self._live:
            sys.stderr.write(text)
            sys.stderr.flush()
