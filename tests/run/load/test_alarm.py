"""Waking up at a moment: never before it, and at once when it has passed."""

import asyncio
import time
from collections.abc import Callable

import pytest

from ragmeter.run.load.alarm import Alarm, LoopAlarm, TimerAlarm, alarm
from ragmeter.run.load.loader import fast_loop
from tests.families import open_files

LOOPS = [asyncio.new_event_loop, fast_loop]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("made", [TimerAlarm, LoopAlarm])
def test_nothing_wakes_before_its_moment(
    made: Callable[[], Alarm], loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def wait() -> list[int]:
        early = []
        with made() as clock:
            for ahead_ns in (0, 50_000, 150_000, 1_000_000, 3_700_000, 20_000_000):
                moment_ns = time.monotonic_ns() + ahead_ns
                await clock.until(moment_ns)
                early.append(moment_ns - time.monotonic_ns())
        return early

    with asyncio.Runner(loop_factory=loop) as runner:
        assert max(runner.run(wait())) <= 0


@pytest.mark.parametrize("made", [TimerAlarm, LoopAlarm])
def test_moment_that_has_passed_is_not_waited_for(made: Callable[[], Alarm]) -> None:
    async def wait() -> None:
        with made() as clock:
            async with asyncio.timeout(5):
                await clock.until(time.monotonic_ns() - 3_600_000_000_000)

    asyncio.run(wait())


def test_others_run_while_a_moment_is_waited_for() -> None:
    async def main() -> int:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        with TimerAlarm() as clock:
            await clock.until(time.monotonic_ns() + 20_000_000)
        counting.cancel()
        return turns

    assert asyncio.run(main()) > 1


def test_alarm_that_is_cancelled_keeps_no_file_open() -> None:
    async def main() -> None:
        async def wait() -> None:
            with alarm() as clock:
                await clock.until(time.monotonic_ns() + 60_000_000_000)

        before = open_files()
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert open_files() <= before

    asyncio.run(main())
