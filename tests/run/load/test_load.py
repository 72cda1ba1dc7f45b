"""Requests start when the plan says so, and only then."""

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest

from ragmeter.clients.connection.pauses import Pauses
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.run.load.open_loop import Start, drive


def phase(requests: int, **changes: Any) -> PhasePlan:
    values: dict[str, Any] = {
        "name": "measured",
        "trial": 0,
        "first_index": 10,
        "prompt_order": tuple(index % 3 for index in range(requests)),
        "concurrency": None,
        "offsets_ns": None,
        "duration_s": None,
    }
    return PhasePlan(**{**values, **changes})


class Service:
    """Takes a while for each request and counts how many it has at once."""

    def __init__(self, takes_s: float = 0.001) -> None:
        self.takes_s = takes_s
        self.starts: list[Start] = []
        self.began_ns: list[int] = []
        self.running = self.peak = 0

    async def send(self, start: Start) -> None:
        self.starts.append(start)
        self.began_ns.append(time.monotonic_ns())
        self.running += 1
        self.peak = max(self.peak, self.running)
        await asyncio.sleep(self.takes_s)
        self.running -= 1


@pytest.mark.parametrize(("concurrency", "requests"), [(1, 5), (3, 20), (8, 8), (50, 4)])
def test_closed_loop_has_as_many_in_flight_as_it_may_and_never_more(concurrency: int, requests: int) -> None:
    service = Service()
    asyncio.run(drive(phase(requests, concurrency=concurrency), service.send))
    assert service.peak == min(concurrency, requests)
    assert len(service.starts) == requests


def test_every_request_of_the_plan_is_sent_once_with_its_prompt() -> None:
    service = Service()
    asyncio.run(drive(phase(7, concurrency=3), service.send))
    assert [(start.index, start.prompt_index) for start in service.starts] == [(10 + n, n % 3) for n in range(7)]


def test_closed_loop_schedules_a_request_when_its_slot_becomes_free() -> None:
    service = Service(takes_s=0.02)
    asyncio.run(drive(phase(3, concurrency=1), service.send))
    gaps = [later.scheduled_ns - earlier.scheduled_ns for earlier, later in pairwise(service.starts)]
    assert all(gap >= 19_000_000 for gap in gaps)


def test_open_loop_waits_for_no_answer() -> None:
    service = Service(takes_s=0.3)
    offsets = tuple(n * 10_000_000 for n in range(8))
    asyncio.run(drive(phase(8, offsets_ns=offsets), service.send))
    assert service.peak == 8


def test_open_loop_starts_at_the_offsets_and_never_before() -> None:
    service = Service()
    offsets = (0, 5_000_000, 5_000_000, 30_000_000)
    asyncio.run(drive(phase(4, offsets_ns=offsets), service.send))
    first = service.starts[0].scheduled_ns
    assert tuple(start.scheduled_ns - first for start in service.starts) == offsets
    assert all(began >= start.scheduled_ns for began, start in zip(service.began_ns, service.starts, strict=True))


def test_open_loop_that_is_late_does_not_move_the_later_starts() -> None:
    service = Service()

    async def stalls_first(start: Start) -> None:
        if start.index == 10:
            time.sleep(0.03)  # noqa: ASYNC251 - holds the event loop, as a slow client would
        await service.send(start)

    offsets = (0, 10_000_000, 50_000_000)
    asyncio.run(drive(phase(3, offsets_ns=offsets), stalls_first))
    assert [start.scheduled_ns - service.starts[0].scheduled_ns for start in service.starts] == list(offsets)


def test_duration_ends_a_closed_loop_and_what_was_started_is_finished() -> None:
    service = Service(takes_s=0.05)
    asyncio.run(drive(phase(1000, concurrency=2, duration_s=0.12), service.send))
    assert 2 <= len(service.starts) <= 6
    assert service.running == 0
    first = service.starts[0].scheduled_ns
    assert all(start.scheduled_ns - first < 120_000_000 for start in service.starts)


def test_phase_without_requests_ends_at_once() -> None:
    service = Service()
    asyncio.run(drive(phase(0, concurrency=3), service.send))
    asyncio.run(drive(phase(0, offsets_ns=()), service.send))
    assert service.starts == []


@pytest.mark.parametrize("plan", [phase(5, concurrency=2), phase(5, offsets_ns=(0,) * 5)], ids=["closed", "open"])
def test_cancelled_phase_leaves_no_request_running(plan: PhasePlan) -> None:
    service = Service(takes_s=60)

    async def main() -> None:
        load = asyncio.create_task(drive(plan, service.send))
        await asyncio.sleep(0.02)
        load.cancel()
        with pytest.raises(asyncio.CancelledError):
            await load
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert service.starts


def test_start_is_sent_before_the_next_moment_is_waited_for() -> None:
    """Two starts so close that the second is waited for busily: the first does not wait with it. A busy machine makes
    both late, but not every time.
    """
    sent_late: list[int] = []

    async def send(start: Start) -> None:
        sent_late.append(time.monotonic_ns() - start.scheduled_ns)

    async def main() -> None:
        begin_ns = time.monotonic_ns() + 5_000_000
        offsets = tuple(pair * 3_000_000 + within for pair in range(20) for within in (0, 140_000))
        await drive(phase(40, offsets_ns=offsets), send, begin_ns)

    for _ in range(50):
        asyncio.run(main())
        if min(sent_late[::2]) < 140_000:
            return
    pytest.fail(f"the first of two is never sent before the second is due: {min(sent_late[::2])} ns late at best")


@pytest.mark.parametrize("cancelled", [True, False])
def test_what_was_put_off_for_a_send_goes_on_whatever_ends_the_schedule(cancelled: bool) -> None:
    done = []

    async def main() -> None:
        pauses = Pauses()
        ahead_ns = 60_000_000_000 if cancelled else 1_000_000
        load = asyncio.create_task(drive(phase(1, offsets_ns=(ahead_ns,)), Service().send, pauses=pauses))
        await asyncio.sleep(0)
        assert not pauses.fits(ahead_ns)
        pauses.after_send(lambda: done.append("work"))
        if cancelled:
            load.cancel()
        await asyncio.wait({load})
        await asyncio.sleep(0)
        assert pauses.fits(ahead_ns)

    asyncio.run(main())
    assert done == ["work"]
