"""Every end of a session writes its reports: a signal from outside is taken for Ctrl-C, and Ctrl-C waits for them."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")  # there is no SIGHUP on Windows


@contextmanager
def like_ctrl_c() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP end the session as Ctrl-C does, with what was measured. A handler of somebody else's
    stays, and so does a signal that is ignored, as under nohup.
    """
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    mine = [number for number in numbers if _in_main_thread() and signal.getsignal(number) is signal.SIG_DFL]
    for number in mine:
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def reports_first(say: Callable[[str], None]) -> Iterator[None]:
    """Within, reports are written: the first Ctrl-C is told so, and a second one ends it."""
    if not _in_main_thread():
        yield
        return
    before, pressed = signal.getsignal(signal.SIGINT), []

    def wait(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        if len(pressed) > 1:
            signal.default_int_handler(number, frame)
        say("ragmeter: writing reports; after another Ctrl-C, `ragmeter render FILE` makes them from a raw record")

    signal.signal(signal.SIGINT, wait)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
