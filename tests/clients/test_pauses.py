"""Work that can wait is done between two sends."""

import asyncio
import time

import pytest

from ragmeter.clients.pauses import MARGIN_NS, Pauses

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
