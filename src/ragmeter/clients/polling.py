"""Ask again until something is there: the one loop that does."""

import math
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def poll(
    look: Callable[[], T | None],
    *,
    every_s: float,
    deadline: float = math.inf,
    halt: Callable[[], str | None] = lambda: None,
) -> T | None:
    """What ``look`` finds; None when it is not there in time, or ``halt`` has a reason.

    deadline: of ``time.monotonic()``. It looks at least once, and once more after the last pause. What ``look`` raises
    ends the wait.
    """
    while (found := look()) is None and time.monotonic() < deadline and halt() is None:
        time.sleep(min(every_s, max(0.0, deadline - time.monotonic())))
    return found
