"""Work that can wait: in order, all of it, and never in the way."""

import asyncio
import time

import pytest

from ragmeter.clients.pauses import Pauses
from ragmeter.run.backlog import PATIENCE_NS, Backlog


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
