"""A schedule that is sent from two places is still that schedule, and the draw favours neither of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.requests.records import Phase
from ragmeter.core.run.vantage import figures_of, seen_by_users
from ragmeter.core.schedule.plan import PhasePlan, Shard
from ragmeter.core.schedule.vantage import ALL_APART_NS, PAIR, part_of, split, vantages_of
from tests.core.samples import sample
from tests.core.schedule.test_shards import OFFSETS, plan, sent
from tests.run.cases import plan as run_plan


def parts(whole: PhasePlan, pods: int, seed: int) -> list[PhasePlan]:
    shards = [Shard(number=n, count=pods + 1, vantage=side) for n, side in enumerate(vantages_of(pods))]
    return [part_of(whole, shard, seed) for shard in shards]


@given(offsets=OFFSETS, pods=st.integers(1, 4), seed=st.integers(0, 99))
def test_both_sides_of_an_open_loop_send_the_whole_schedule(offsets: tuple[int, ...], pods: int, seed: int) -> None:
    whole = plan(len(offsets), concurrency=None, offsets_ns=offsets)
    found = parts(whole, pods, seed)
    assert sorted(request for part in found for request in sent(part)) == sent(whole)
    outside = {index - whole.first_index for index, _, _ in sent(found[-1])}
    pairs = [{place, place + 1} for place in range(0, len(offsets) - 1, PAIR)]
    assert all(len(pair & outside) == 1 for pair in pairs), "one of two successive requests"


@given(requests=st.integers(0, 60), pairs=st.integers(1, 10), pods=st.integers(1, 4), seed=st.integers(0, 99))
def test_both_sides_of_a_closed_loop_share_slots_and_requests(requests: int, pairs: int, pods: int, seed: int) -> None:
    slots = PAIR * pairs
    whole = plan(requests, concurrency=slots)
    found = parts(whole, pods, seed)
    assert sorted(request for part in found for request in sent(part)) == sent(whole)
    assert sum(part.concurrency or 0 for part in found) == slots
    assert found[-1].concurrency == slots // 2
    starts = [at_ns for part in found for at_ns in part.slot_starts_ns or ()]
    assert len({*starts}) == slots, "no two slots begin together"
    assert max(starts) < ALL_APART_NS


def test_an_odd_number_of_slots_is_refused() -> None:
    with pytest.raises(ValueError, match="5 slots cannot be assigned evenly"):
        split(plan(20, concurrency=5), 0)


def test_which_side_begins_is_drawn() -> None:
    firsts = [split(plan(20, concurrency=4), seed)[0].slot_starts_ns for seed in range(40)]
    assert 10 < sum(0 in (starts or ()) for starts in firsts) < 30


@pytest.mark.parametrize("slots", [None, 2, 4])
def test_which_side_sends_a_request_does_not_follow_its_prompt(slots: int | None) -> None:
    """Two prompts in turn: assigned in turn, too, each side would only ever send one of them."""
    requests = 400
    whole = PhasePlan(
        name="measured",
        trial=0,
        first_index=0,
        prompt_order=(0, 1) * (requests // 2),
        concurrency=slots,
        offsets_ns=None if slots else tuple(range(requests)),
        duration_s=None,
    )
    _, outside = split(whole, 0)
    assert len(outside.prompt_order) == requests // 2
    assert abs(sum(outside.prompt_order) - requests / 4) < 4 * math.sqrt(requests / 16)


def test_phases_and_seeds_are_drawn_apart() -> None:
    first = plan(40, concurrency=None, offsets_ns=tuple(range(40)))
    later = PhasePlan(**{name: getattr(first, name) for name in first.__slots__} | {"first_index": 140})
    drawn = [split(phase, seed)[1].positions for phase, seed in ((first, 0), (first, 0), (first, 1), (later, 0))]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3


def test_latencies_are_those_of_users_and_the_load_is_all_of_it() -> None:
    samples = [sample(index=n, at_ms=n, ttft_ms=100 + 50 * (n % 2), clock_id=n % 2) for n in range(40)]
    both = run_plan(vantages=vantages_of(1))
    assert {each.clock_id for each in seen_by_users(samples, both)} == {1}
    assert seen_by_users(samples, run_plan()) == samples
    figures, alone = figures_of(samples, Phase.MEASURED, both), figures_of(samples, Phase.MEASURED, run_plan())
    assert (figures.phase.ttft_p50_ms, figures.series["ttft_ms"].values.size) == (150, 20)
    assert (figures.phase.requests, figures.phase.total_tokens) == (40, 120)
    assert figures.rates == alone.rates
    assert alone.series["ttft_ms"].values.size == 40
