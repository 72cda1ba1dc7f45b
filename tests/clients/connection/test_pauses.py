"""Work that can wait is done between two sends."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from ragmeter.clients.connection.pauses import MARGIN_NS, TURN_NS, Pauses, Pieces

MS = 1_000_000


def test_without_a_schedule_there_is_always_time() -> None:
    assert Pauses().fits(3_600_000 * MS)


@pytest.mark.parametrize(("ahead_ms", "work_ms", "fits"), [(50, 1, True), (50, 60, False), (-5, 0, False)])
def test_work_fits_when_it_ends_before_the_next_send(ahead_ms: int, work_ms: int, fits: bool) -> None:
    async def main() -> bool:
        pauses = Pauses()
        pauses.until(time.monotonic_ns() + ahead_ms * MS)
        return pauses.fits(work_ms * MS)

    assert asyncio.run(main()) is fits


def test_nothing_is_begun_just_before_a_send() -> None:
    async def main() -> bool:
        pauses = Pauses()
        pauses.until(time.monotonic_ns() + MARGIN_NS)
        return pauses.fits(0)

    assert not asyncio.run(main())


def test_work_that_was_put_off_is_done_once_after_the_send() -> None:
    async def main() -> list[str]:
        pauses, done = Pauses(), list[str]()
        pauses.until(time.monotonic_ns())
        pauses.after_send(lambda: done.append("work"))
        await asyncio.sleep(0)
        done.append("send")
        pauses.until(None)
        await asyncio.sleep(0)
        pauses.until(None)
        await asyncio.sleep(0)
        return done

    assert asyncio.run(main()) == ["send", "work"]


def pieces_of(done: list[str], count: int, *, needs_ns: int = 0, takes_ns: int = 0) -> Iterator[int]:
    for _ in range(count):
        yield needs_ns
        time.sleep(takes_ns / 1e9)
        done.append("piece")


def turns_of(pauses: Pauses, pieces: Iterator[int], done: list[str], turns: int, *, patience_ns: int) -> list[str]:
    """What is done, turn of the event loop by turn, and nothing after a drop."""

    async def main() -> list[str]:
        working = Pieces(pauses, patience_ns)
        working.do(pieces)
        for _ in range(turns):
            done.append("turn")
            await asyncio.sleep(0)
        working.drop()
        pauses.until(None)
        await asyncio.sleep(0)
        return done

    return asyncio.run(main())


def scheduled(ahead_ns: int) -> Pauses:
    pauses = Pauses()
    pauses.until(time.monotonic_ns() + ahead_ns)
    return pauses


def test_pieces_are_done_at_once_without_a_schedule() -> None:
    done: list[str] = []
    pieces = pieces_of(done, 3, needs_ns=3_600_000 * MS, takes_ns=TURN_NS)
    assert turns_of(Pauses(), pieces, done, 1, patience_ns=0) == ["piece"] * 3 + ["turn"]


def test_event_loop_has_its_turn_between_pieces_while_a_send_is_to_come() -> None:
    done: list[str] = []
    pieces = pieces_of(done, 2, takes_ns=TURN_NS)
    assert turns_of(scheduled(60_000 * MS), pieces, done, 2, patience_ns=0) == ["piece", "turn", "piece", "turn"]


def test_piece_that_does_not_fit_waits_for_the_send_and_those_before_it_do_not() -> None:
    done: list[str] = []

    def pieces() -> Iterator[int]:
        yield 0
        done.append("short piece")
        yield 3_600_000 * MS
        done.append("long piece")

    async def main() -> None:
        pauses = scheduled(60_000 * MS)
        Pieces(pauses, 3_600_000 * MS).do(pieces())
        await asyncio.sleep(0.01)
        done.append("send")
        pauses.until(None)
        await asyncio.sleep(0)

    asyncio.run(main())
    assert done == ["short piece", "send", "long piece"]


def test_pieces_that_have_waited_too_long_are_done_one_in_a_turn() -> None:
    done: list[str] = []
    pieces = pieces_of(done, 3, needs_ns=3_600_000 * MS)
    assert turns_of(scheduled(0), pieces, done, 2, patience_ns=0) == ["piece", "turn", "piece", "turn", "piece"]


def test_dropped_pieces_are_never_done() -> None:
    done: list[str] = []
    pieces = pieces_of(done, 3, needs_ns=3_600_000 * MS)
    assert turns_of(scheduled(0), pieces, done, 2, patience_ns=3_600_000 * MS) == ["turn", "turn"]
