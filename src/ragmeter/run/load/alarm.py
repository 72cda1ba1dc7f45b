"""Waking up at a moment of the monotonic clock, inside an event loop.

The timers of an event loop are a millisecond off in both directions: asyncio rounds up to the resolution of epoll,
uvloop fires up to half a millisecond early. On Linux a timerfd in the loop's poll set takes their place.
"""

import asyncio
import contextlib
import ctypes
import os
import sys
import time
from types import TracebackType
from typing import Protocol, Self

SPIN_NS = 150_000
"""A poll returns some 60 µs after the moment, now and then 100: it is asked to return this much before, and the rest is
waited out."""
EARLY_S = 0.001
"""What a timer of the event loop may be off."""


class Alarm(Protocol):
    """A context manager; for one waiting task at a time."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    async def until(self, moment_ns: int) -> None:
        """Returns at the moment, a ``time.monotonic_ns`` reading, or at once when it has passed; never before it."""


class TimerAlarm:
    """By a timerfd (Linux). Raises OSError or AttributeError where there is none."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._woken = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._wake)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)

    async def until(self, moment_ns: int) -> None:
        if moment_ns - time.monotonic_ns() > SPIN_NS:
            self._woken.clear()
            self._set(moment_ns - SPIN_NS)
            await self._woken.wait()
        while time.monotonic_ns() < moment_ns:
            pass

    def _set(self, moment_ns: int) -> None:
        wanted = _Itimerspec(_Timespec(0, 0), _Timespec(*divmod(moment_ns, 1_000_000_000)))
        if self._libc.timerfd_settime(self._fd, TFD_TIMER_ABSTIME, ctypes.byref(wanted), None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, 8)
        self._woken.set()


class LoopAlarm:
    """By the event loop's timer, and by yielding to the loop for the last of it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return

    async def until(self, moment_ns: int) -> None:
        ahead_s = (moment_ns - time.monotonic_ns()) / 1e9
        if ahead_s > EARLY_S:
            await asyncio.sleep(ahead_s - EARLY_S)
        while time.monotonic_ns() < moment_ns:  # noqa: ASYNC110 - yields to the loop until the very moment
            await asyncio.sleep(0)


def alarm() -> Alarm:
    """The best there is here. Call it in the event loop that will wait."""
    if sys.platform == "linux":
        return TimerAlarm()
    return LoopAlarm()


TFD_TIMER_ABSTIME = 1


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("it_interval", _Timespec), ("it_value", _Timespec))
