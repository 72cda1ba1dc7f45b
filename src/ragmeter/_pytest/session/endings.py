"""Every end of a session writes its reports: Ctrl-C waits for them."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ragmeter.run.processes.signals import in_main_thread


@contextmanager
def reports_first(say: Callable[[str], None]) -> Iterator[None]:
    """Within, reports are written: the first Ctrl-C is told so, and a second one ends it."""
    if not in_main_thread():
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
