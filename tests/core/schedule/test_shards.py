"""A schedule that is assigned out loses nothing, adds nothing and moves nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.errors import ConfigError
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.core.schedule.shards import common_starts_s, shard, shards


def plan(requests: int, *, concurrency: int | None, offsets_ns: tuple[int, ...] | None = None) -> PhasePlan:
    return PhasePlan(
        name="measured",
        trial=1,
        first_index=100,
        prompt_order=tuple(7 * place % 5 for place in range(requests)),
        concurrency=concurrency,
        offsets_ns=offsets_ns,
        duration_s=3.0,
    )


def sent(part: PhasePlan) -> list[tuple[int, int, int | None]]:
    """(index, prompt, offset) of each request."""
    return [
        (part.index(place), prompt, None if part.offsets_ns is None else part.offsets_ns[place])
        for place, prompt in enumerate(part.prompt_order)
    ]


OFFSETS = st.lists(st.integers(0, 10**12), max_size=60).map(lambda times: tuple(sorted(times)))


@given(offsets=OFFSETS, count=st.integers(1, 9))
def test_shards_of_an_open_loop_are_the_whole_schedule(offsets: tuple[int, ...], count: int) -> None:
    whole = plan(len(offsets), concurrency=None, offsets_ns=offsets)
    parts = shards(whole, count)
    assert sorted(request for part in parts for request in sent(part)) == sent(whole)
    assert all(list(part.offsets_ns or ()) == sorted(part.offsets_ns or ()) for part in parts)
    assert max(len(part.prompt_order) for part in parts) - min(len(part.prompt_order) for part in parts) <= 1


@given(requests=st.integers(0, 60), slots=st.integers(1, 20), count=st.integers(1, 9))
def test_shards_of_a_closed_loop_share_slots_and_requests(requests: int, slots: int, count: int) -> None:
    whole = plan(requests, concurrency=slots)
    parts = shards(whole, count)
    assert sorted(request for part in parts for request in sent(part)) == sent(whole)
    assert sum(part.concurrency or 0 for part in parts) == slots
    assert all(part.prompt_order == () for part in parts if not part.concurrency)
    each = [len(part.prompt_order) / part.concurrency for part in parts if part.concurrency]
    assert max(each) - min(each) <= 1


@given(offsets=OFFSETS, first=st.integers(1, 4), second=st.integers(1, 4))
def test_shards_can_be_dealt_again(offsets: tuple[int, ...], first: int, second: int) -> None:
    whole = plan(len(offsets), concurrency=None, offsets_ns=offsets)
    parts = [part for machine in shards(whole, first) for part in shards(machine, second)]
    assert sorted(request for part in parts for request in sent(part)) == sent(whole)


def test_one_shard_is_the_whole() -> None:
    whole = plan(9, concurrency=2)
    (only,) = shards(whole, 1)
    assert sent(only) == sent(whole)


def test_every_other_start_is_of_the_other_process() -> None:
    whole = plan(5, concurrency=None, offsets_ns=(0, 10, 20, 30, 40))
    assert [part.offsets_ns for part in shards(whole, 2)] == [(0, 20, 40), (10, 30)]


@pytest.mark.parametrize("number", [-1, 2])
def test_shard_that_there_is_not_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=f"shard {number} is not one of 2"):
        shard(plan(5, concurrency=2), number, 2)


def test_common_starts_leave_every_phase_the_longest_that_it_can_take() -> None:
    opened, closed = plan(2, concurrency=None, offsets_ns=(0, 2_000_000_000)), plan(9, concurrency=3)
    first, second, third = common_starts_s([opened, closed, opened], timeout_s=30)
    assert first == 0
    assert second > 2 + 30
    assert third - second > 3 + 30


def test_common_start_after_a_closed_loop_without_a_duration_cannot_be_foreseen() -> None:
    closed = replace(plan(9, concurrency=3), duration_s=None)
    with pytest.raises(ConfigError, match="closed loop without a duration"):
        common_starts_s([closed, closed], timeout_s=30)
    assert common_starts_s([closed], timeout_s=30) == (0,)
