"""Standard output whose reader goes away: what is said to nobody is not written, and the work goes on."""

import os
import sys
from collections.abc import Callable
from typing import Any, TextIO


def unbroken_output() -> None:
    """From now on, standard output may lose its reader in the middle of a session, whose results are files.

    The stream stays the object that others hold.
    """
    stream: Any = sys.stdout
    if stream is not None and stream is sys.__stdout__:
        stream.write = _unbroken(stream, stream.write)
        stream.flush = _unbroken(stream, stream.flush)


def _unbroken(stream: TextIO, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            return method(*arguments)
        except BrokenPipeError:
            drop(stream)
            return len(arguments[0]) if arguments else None

    return call


def drop(stream: TextIO) -> None:
    """What is in the buffer of the stream, and what comes after, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
