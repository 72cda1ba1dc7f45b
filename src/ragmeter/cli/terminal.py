"""What commands write to standard output and standard error, and what they know of them."""

import shutil
import sys
from collections.abc import Iterable

from ragmeter.report.text.live import LiveProgress


def say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def notice(lines: Iterable[str]) -> None:
    """What a user should know of the input, beside the output."""
    sys.stderr.writelines(f"ragmeter: {line}\n" for line in lines)


def width() -> int:
    return shutil.get_terminal_size().columns


def colour() -> bool:
    return sys.stdout.isatty()


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
