from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.schedule.blocks import in_order, incomplete


@given(variants=st.integers(1, 6), pair=st.integers(0, 50), seed=st.integers(0, 2**32 - 1))
def test_every_variant_has_its_turn_and_the_next_block_reverses_the_order(variants: int, pair: int, seed: int) -> None:
    names = [f"variant {n}" for n in range(variants)]
    first, second = in_order(names, 2 * pair, seed), in_order(names, 2 * pair + 1, seed)
    assert sorted(first) == names
    assert second == first[::-1]
    assert first == in_order(names, 2 * pair, seed)


def test_a_linear_drift_is_the_same_for_every_arm_over_two_blocks() -> None:
    moments = Counter[str]()
    clock = 0
    for block in (6, 7):
        for variant in in_order(("a", "b", "c"), block, seed=3):
            moments[variant] += clock
            clock += 1
    assert len(set(moments.values())) == 1


def test_each_order_comes_about_as_often() -> None:
    orders = Counter(in_order(("a", "b", "c"), 2 * pair, seed=11) for pair in range(600))
    assert len(orders) == 6
    assert min(orders.values()) > 60


def test_another_seed_draws_other_orders() -> None:
    assert len({tuple(in_order(range(4), 2 * pair, seed) for pair in range(4)) for seed in range(10)}) == 10


@pytest.mark.parametrize(
    ("ran", "sentence"),
    [
        ({"a": True, "b": True}, None),
        ({"a": None, "b": None}, None),
        ({"a": True, "b": False, "c": None}, "block 3 is incomplete: a ran, b was cut short, c did not run"),
    ],
)
def test_an_incomplete_block_says_who_ran(ran: dict[str, bool | None], sentence: str | None) -> None:
    assert incomplete(2, ran) == sentence
