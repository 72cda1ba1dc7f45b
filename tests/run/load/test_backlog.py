"""Work that can wait: in order, all of it, and never in the way."""

import asyncio
import time

import pytest

from experiments.decoding_wait import longest_wait_ms
from ragmeter.clients.connection.pauses import Pauses
from ragmeter.run.load.backlog import PATIENCE_NS, SPELL_NS, Backlog


def test_items_are_worked_on_in_order_until_the_backlog_is_closed_and_empty() -> None:
    done: list[int] = []

    async def main() -> None:
        backlog = Backlog(done.append, Pauses())
        async with asyncio.TaskGroup() as group:
            group.create_task(backlog.run())
            backlog.add(1)
            await asyncio.sleep(0.01)
            for item in (2, 3, 4):
                backlog.add(item)
            backlog.close()

    asyncio.run(main())
    assert done == [1, 2, 3, 4]


def test_other_tasks_have_a_turn_between_two_items() -> None:
    turns: list[str] = []

    async def other() -> None:
        for _ in range(3):
            turns.append("other")
            await asyncio.sleep(0)

    async def main() -> None:
        backlog = Backlog(turns.append, Pauses())
        for _ in range(3):
            backlog.add("work")
        backlog.close()
        await asyncio.gather(backlog.run(), other())

    asyncio.run(main())
    assert turns == ["work", "other"] * 3


def test_items_that_have_waited_too_long_are_done_without_a_pause() -> None:
    turns: list[str] = []

    async def other() -> None:
        turns.append("other")

    async def main() -> None:
        backlog = Backlog(turns.append, Pauses())
        for _ in range(3):
            backlog.add("work")
        backlog.close()
        time.sleep(PATIENCE_NS / 1e9)  # noqa: ASYNC251 - the items grow old
        await asyncio.gather(backlog.run(), other())

    asyncio.run(main())
    assert turns == ["work", "work", "work", "other"]


def test_item_waits_for_the_send_that_is_near() -> None:
    done: list[str] = []

    async def main() -> None:
        pauses = Pauses()
        pauses.until(time.monotonic_ns())
        backlog = Backlog(done.append, pauses)
        backlog.add("work")
        backlog.close()
        working = asyncio.create_task(backlog.run())
        for _ in range(5):
            await asyncio.sleep(0)
        done.append("send")
        pauses.until(None)
        await working

    asyncio.run(main())
    assert done == ["send", "work"]


def test_no_schedule_is_so_dense_that_an_item_is_never_done() -> None:
    done: list[str] = []

    async def main() -> None:
        pauses = Pauses()
        backlog = Backlog(done.append, pauses)
        backlog.add("work")
        backlog.close()
        working = asyncio.create_task(backlog.run())
        deadline_ns = time.monotonic_ns() + 20 * PATIENCE_NS
        while not working.done() and time.monotonic_ns() < deadline_ns:
            pauses.until(time.monotonic_ns())
            await asyncio.sleep(0)
        working.cancel()

    asyncio.run(main())
    assert done == ["work"]


def test_cancelled_backlog_does_what_is_left() -> None:
    done: list[int] = []

    async def main() -> None:
        backlog = Backlog(done.append, Pauses())
        task = asyncio.create_task(backlog.run())
        await asyncio.sleep(0)
        for item in (1, 2, 3):
            backlog.add(item)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert done == [1, 2, 3]


def test_error_of_the_work_ends_the_backlog() -> None:
    def fail(_item: int) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        backlog = Backlog(fail, Pauses())
        backlog.add(1)
        await backlog.run()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())


SPELL_S = SPELL_NS / 1e9


def _busy(seconds: float) -> None:
    until_s = time.thread_time() + seconds
    while time.thread_time() < until_s:
        pass


@pytest.mark.parametrize(("rests", "least_rests"), [(True, 4), (False, 0)])
def test_process_that_is_ahead_of_others_rests_for_as_long_as_it_worked(
    monkeypatch: pytest.MonkeyPatch, rests: bool, least_rests: int
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        slept.append(seconds)
        await sleep(seconds)

    async def main() -> None:
        backlog = Backlog(_busy, Pauses(), rests=rests)
        working = asyncio.create_task(backlog.run())
        for _ in range(10):
            backlog.add(SPELL_S / 2)
        while backlog._items:
            await sleep(0.001)
        backlog.close()
        await working

    monkeypatch.setattr("ragmeter.run.load.backlog.asyncio.sleep", noted)
    asyncio.run(main())
    long = [seconds for seconds in slept if seconds > 0]
    assert len(long) >= least_rests
    assert all(seconds >= SPELL_S for seconds in long)
    assert bool(long) is rests


def test_after_the_last_request_nobody_rests() -> None:
    async def main() -> float:
        backlog = Backlog(_busy, Pauses(), rests=True)
        for _ in range(4):
            backlog.add(5 * SPELL_S)
        backlog.close()
        await backlog.run()
        return backlog._spell_ns / 1e9

    assert asyncio.run(main()) >= 20 * SPELL_S  # never set back by a rest


@pytest.mark.privileged("real_time")
def test_service_on_the_core_of_a_load_process_does_not_wait_for_all_that_is_read() -> None:
    without = longest_wait_ms(100, 256, rests=False)
    assert longest_wait_ms(100, 256, rests=True) < without / 4
