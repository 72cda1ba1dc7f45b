"""The time between two sends of a schedule: work that can wait is done in it, so that no send has to wait for it."""

import asyncio
import time
from collections.abc import Callable

MARGIN_NS = 200_000
"""Before a send nothing is begun: whoever sends it is already waiting for the very moment."""


class Pauses:
    """Knows when the next send is wanted. Used in one event loop; without a schedule there is always time."""

    def __init__(self) -> None:
        self._next_ns: int | None = None
        self._put_off: list[Callable[[], object]] = []

    def until(self, moment_ns: int | None) -> None:
        """The next send is wanted at the moment, a ``time.monotonic_ns`` reading; None when no further one is known.

        What was put off is called soon.
        """
        self._next_ns = moment_ns
        put_off, self._put_off = self._put_off, []
        for work in put_off:
            asyncio.get_running_loop().call_soon(work)

    def fits(self, work_ns: int) -> bool:
        """Whether work that takes so long can be done before the next send."""
        return self._next_ns is None or time.monotonic_ns() + work_ns + MARGIN_NS < self._next_ns

    def after_send(self, work: Callable[[], object]) -> None:
        """Put the work off until the next send is over. Only where it does not fit: otherwise no send may follow."""
        self._put_off.append(work)
