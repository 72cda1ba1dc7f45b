"""What commands write to standard output and standard error, and what they know of them."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ragmeter.core.errors import StorageError
from ragmeter.report.text.live import LiveProgress


@contextmanager
def standard_streams() -> Iterator[None]:
    """Within, a command has its three streams, whatever it was started with: a file that it opens must not get the
    number of one that was closed. What nobody reads any more is not written, and changes neither the files that a
    command leaves nor its exit status. Raises StorageError at the end where output could not be written.
    """
    _open_closed()
    try:
        yield
    finally:
        with _output():
            sys.stdout.flush()


def _open_closed() -> None:
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Its number is the lowest: that of what was closed.
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - for as long as this process runs
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


@contextmanager
def _output() -> Iterator[None]:
    """Within, standard output is written. Raises StorageError."""
    try:
        yield
    except BrokenPipeError:
        _drop(sys.stdout)
    except OSError as error:
        _drop(sys.stdout)
        raise StorageError(f"standard output: {error.strerror or error}") from error


def _drop(stream: TextIO) -> None:
    """What is in its buffer, and what comes after, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def say(*lines: str) -> None:
    """Lines of output. Raises StorageError where they cannot be written."""
    with _output():
        sys.stdout.writelines(f"{line}\n" for line in lines)


def notice(lines: Iterable[str]) -> None:
    """What a user should know, beside the output."""
    try:
        sys.stderr.writelines(f"ragmeter: {line}\n" for line in lines)
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)


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
