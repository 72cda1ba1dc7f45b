"""Standard streams whose readers go away: what is said to nobody is not written, and the work goes on."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO


def unbroken_output() -> None:
    """From now on, standard output may lose its reader in the middle of a session, whose results are files.

    The stream stays the object that others hold.
    """
    stream = sys.stdout
    if stream is not None and stream is sys.__stdout__:
        for name in ("write", "flush"):
            setattr(stream, name, _unbroken(stream, getattr(stream, name)))


def _unbroken(stream: Any, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            return method(*arguments)
        except BrokenPipeError:
            drop(stream)
            return len(arguments[0]) if arguments else None

    return call


def notice(lines: Iterable[str]) -> None:
    """What a user should know, beside the output."""
    try:
        sys.stderr.writelines(f"ragmeter: {line}\n" for line in lines)
        sys.stderr.flush()
    except OSError:
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """What is in the buffer of the stream, and what comes after, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
