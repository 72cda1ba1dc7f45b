"""Priority of a load process over what else runs on its machine."""

import os
import sys
from typing import Final

LOWEST_REAL_TIME: Final = 1


def take_priority() -> bool:
    """Take real-time priority; whether this process may: on Linux, as root or with the capability CAP_SYS_NICE.

    A load process sleeps most of the time and has to run the moment it wakes. It takes no more of the processor for
    it, only sooner: beside busy processes one of normal priority is late by tens of milliseconds.
    """
    if sys.platform != "linux":
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(LOWEST_REAL_TIME))
    except OSError:  # not permitted, or not known to a sandbox
        return False
    return True


def is_ahead() -> bool:
    """Whether this process has real-time priority, from whatever source."""
    if sys.platform != "linux":
        return False
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK in (os.SCHED_RR, os.SCHED_FIFO)
