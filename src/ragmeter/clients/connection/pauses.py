"""The time between two sends of a schedule: work that can wait is done in it, so that no send has to wait for it."""

import asyncio
import time
from collections.abc import Callable, Iterator

MARGIN_NS = 200_000
"""Before a send nothing is begun: its sender is already waiting for the very moment."""
TURN_NS = 100_000
"""What a send that nobody foresaw, and a reader of an answer, may wait for work in pieces."""


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

    @property
    def wanted(self) -> bool:
        """Whether a send is known that is to come."""
        return self._next_ns is not None

    def fits(self, work_ns: int) -> bool:
        """Whether work that takes so long can be done before the next send."""
        return self._next_ns is None or time.monotonic_ns() + work_ns + MARGIN_NS < self._next_ns

    def after_send(self, work: Callable[[], object]) -> None:
        """Put the work off until the next send is over. Only where it does not fit: otherwise no send may follow."""
        self._put_off.append(work)


class Pieces:
    """Work that is done piece by piece, each where it fits before the next send.

    While a send is to come, the event loop has its turn after every ``TURN_NS``. What has waited for ``patience_ns`` is
    done whatever comes, but a single piece in each turn: so late is a send at worst.
    """

    def __init__(self, pauses: Pauses, patience_ns: int) -> None:
        self._pauses = pauses
        self._patience_ns = patience_ns
        self._work: Iterator[int] = iter(())
        self._piece_ns: int | None = None
        self._begun_ns = 0

    def do(self, work: Iterator[int]) -> bool:
        """Begin; the work before must be done. Whether this is done now, and nothing of it is left for later.

        work: yields before each piece how many ns it may take.
        """
        self._begun_ns = time.monotonic_ns()
        self._work = work
        self._next()
        self._go_on()
        return self._piece_ns is None

    def drop(self) -> None:
        """Leave what is not done yet."""
        self._piece_ns = None

    def _next(self) -> None:
        self._piece_ns = next(self._work, None)

    def _go_on(self) -> None:
        turn_ends_ns = time.monotonic_ns() + TURN_NS
        while self._piece_ns is not None:
            now_ns = time.monotonic_ns()
            if now_ns > turn_ends_ns and self._pauses.wanted:
                asyncio.get_running_loop().call_soon(self._go_on)
                return
            if not self._pauses.fits(self._piece_ns):
                if now_ns - self._begun_ns < self._patience_ns:
                    self._pauses.after_send(self._go_on)
                    return
                turn_ends_ns = now_ns
            self._next()
