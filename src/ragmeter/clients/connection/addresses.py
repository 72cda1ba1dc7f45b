"""A name may stand for several addresses: which of them a connection goes to, and how soon the next one is tried."""

import asyncio
import itertools
import socket
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

ATTEMPT_DELAY_S: Final = 0.25
"""RFC 8305, section 5: an address that has not answered by then has the next one tried beside it."""
RESOLVER, SPREAD, PINNED = CHOICES = ("resolver", "spread", "pinned")
"""In the order of the resolver; in turn; always the same one, the first in order of the addresses that answers."""

Address = tuple[socket.AddressFamily, Any]


@dataclass(slots=True)
class Addresses:
    """Chooses among the addresses of one name. choice: one of `CHOICES`."""

    choice: str = RESOLVER
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)
    _pinned: Address | None = None

    def ordered(self, found: Sequence[Address]) -> list[Address]:
        """In the order in which they are to be tried, families in turn."""
        if self.choice == PINNED:
            pinned = [address for address in found if address == self._pinned]
            return pinned or _families_in_turn(sorted(found, key=_by_number))
        if self.choice == SPREAD:
            by_number = sorted(found, key=_by_number)  # a resolver may turn them itself
            first = next(self._turn) % len(by_number)
            return [*by_number[first:], *by_number[:first]]
        return _families_in_turn(found)

    def answered(self, address: Address) -> None:
        """A connection to it came up."""
        if self.choice == PINNED:
            self._pinned = address


def _by_number(address: Address) -> tuple[int, bytes]:
    family, place = address
    return family, socket.inet_pton(family, str(place[0]).partition("%")[0])


def _families_in_turn(found: Sequence[Address]) -> list[Address]:
    """RFC 8305, section 4: the family that comes first keeps the first place, and a dead family costs one attempt."""
    families = dict.fromkeys(family for family, _ in found)
    columns = [[address for address in found if address[0] == family] for family in families]
    return [address for row in itertools.zip_longest(*columns) for address in row if address is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A connected socket. waited_ns: from the first attempt to the one that came up; 0 for the first address."""

    sock: socket.socket
    address: Address
    waited_ns: int


async def first_to_answer(
    addresses: Sequence[Address], connect: Callable[[Address], Coroutine[Any, Any, socket.socket]]
) -> Reached | None:
    """Try one address after the other, each as soon as the one before has failed or `ATTEMPT_DELAY_S` has passed.

    None when none answers; ``connect`` raises OSError for an address that does not. No socket of an attempt that is too
    late is left, also when it is cancelled.
    """
    began_ns = time.monotonic_ns()
    attempts: dict[asyncio.Task[socket.socket], tuple[Address, int]] = {}
    try:
        for address in addresses:
            waited_ns = time.monotonic_ns() - began_ns if attempts else 0
            attempts[asyncio.create_task(connect(address))] = (address, waited_ns)
            is_last = len(attempts) == len(addresses)
            if (won := await _next_answer(attempts, timeout_s=None if is_last else ATTEMPT_DELAY_S)) is not None:
                reached, waited_ns = attempts.pop(won)
                return Reached(sock=won.result(), address=reached, waited_ns=waited_ns)
        return None
    finally:
        await _give_up(attempts)


async def _next_answer(
    attempts: Collection[asyncio.Task[socket.socket]], *, timeout_s: float | None
) -> asyncio.Task[socket.socket] | None:
    """The one that came up; None when the time has passed, or the newest has failed and others may be tried.

    Without a timeout: when all have failed.
    """
    while running := [task for task in attempts if not task.done()]:
        done, _ = await asyncio.wait(running, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if won := next((task for task in done if task.exception() is None), None):
            return won
        if timeout_s is not None:
            return None
    return None


async def _give_up(attempts: Collection[asyncio.Task[socket.socket]]) -> None:
    for task in attempts:
        task.cancel()
    for ended in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(ended, socket.socket):
            ended.close()
