"""Signals from outside that end this process are taken for Ctrl-C, so that every end is an orderly one."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_NAMES = ("SIGTERM", "SIGHUP")  # there is no SIGHUP on Windows


@contextmanager
def like_ctrl_c() -> Iterator[list[signal.Signals]]:
    """Within, SIGTERM and SIGHUP do what Ctrl-C does: with what was measured, and with nothing left. A handler of
    somebody else's stays, and so does a signal that is ignored, as under nohup. Yields which of the two came, in order.
    """
    came: list[signal.Signals] = []

    def take(number: int, _frame: FrameType | None) -> None:
        came.append(signal.Signals(number))
        signal.raise_signal(signal.SIGINT)

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    mine = [number for number in numbers if in_main_thread() and signal.getsignal(number) is signal.SIG_DFL]
    for number in mine:
        signal.signal(number, take)
    try:
        yield came
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_DFL)


def end_by(number: signal.Signals) -> NoReturn:
    """End this process as the signal ends one that does not heed it: a shell then stops its loop, and reports 128 and
    the number.
    """
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # it is blocked


def in_main_thread() -> bool:
    """Whether signals can be handled here."""
    return threading.current_thread() is threading.main_thread()
