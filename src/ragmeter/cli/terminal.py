"""What commands write to standard output and standard error, and what they know of them."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from ragmeter.core.errors import StorageError
from ragmeter.run.processes.streams import drop


@contextmanager
def standard_streams() -> Iterator[None]:
    """Within, a command has its three streams, whatever it was started with: a file that it opens must not get the
    number of one that was closed. What nobody reads any more is not written, and changes neither the files that a
    command leaves nor its exit status. Raises StorageError at the end where output could not be written.
    """
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream in {sys.__stdout__, sys.__stderr__}:
            stream.reconfigure(errors="replace")  # a locale may lack a dash or a Greek letter
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
        drop(sys.stdout)
    except OSError as error:
        drop(sys.stdout)
        raise StorageError(f"standard output: {error.strerror or error}") from error


def say(*lines: str) -> None:
    """Lines of output. Raises StorageError where they cannot be written."""
    with _output():
        sys.stdout.writelines(f"{line}\n" for line in lines)


def answer_to(question: str, default: str) -> str:
    """What somebody types on the terminal; the default for nothing, and where the input ends."""
    shown = f" [{default}]" if default else ""
    try:
        return input(f"{question}{shown}: ").strip() or default
    except EOFError:
        say()
        return default


def width() -> int:
    return shutil.get_terminal_size().columns


def colour() -> bool:
    return sys.stdout.isatty()
