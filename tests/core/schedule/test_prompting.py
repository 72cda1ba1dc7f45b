"""Which prompt each request asks, and prompts of a length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.schedule.prompting import prompt_of_length, prompt_order


def test_round_robin_begins_each_round_one_further() -> None:
    assert prompt_order("round_robin", prompts=3, first=0, requests=8, seed=1) == (0, 1, 2, 1, 2, 0, 2, 0)


ORDERS = st.sampled_from(["round_robin", "random"])


@given(order=ORDERS, prompts=st.integers(1, 20), first=st.integers(0, 50), requests=st.integers(0, 60))
def test_order_from_a_place_is_the_rest_of_the_whole_order(order: str, prompts: int, first: int, requests: int) -> None:
    whole = prompt_order(order, prompts=prompts, first=0, requests=first + requests, seed=1)
    assert prompt_order(order, prompts=prompts, first=first, requests=requests, seed=1) == whole[first:]


@given(order=ORDERS, prompts=st.integers(1, 20), requests=st.integers(0, 100), seed=st.integers(0, 99))
def test_order_asks_every_prompt_before_any_again(order: str, prompts: int, requests: int, seed: int) -> None:
    drawn = prompt_order(order, prompts=prompts, first=0, requests=requests, seed=seed)
    assert len(drawn) == requests
    for start in range(0, requests, prompts):
        asked = drawn[start : start + prompts]
        assert len(set(asked)) == len(asked)
        assert all(0 <= index < prompts for index in asked)


def test_random_rounds_differ() -> None:
    drawn = prompt_order("random", prompts=20, first=0, requests=40, seed=1)
    assert drawn[:20] != drawn[20:]


@pytest.mark.parametrize(("order", "prompts", "reason"), [("zigzag", 3, "not one of"), ("random", 0, "no prompts")])
def test_prompt_orders_that_cannot_be_are_refused(order: str, prompts: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        prompt_order(order, prompts=prompts, first=0, requests=3, seed=1)


PROMPTS = ["What is the time to first token?", "Why?", "How long is a day in seconds?"]


@pytest.mark.parametrize(("tokens", "words"), [(1, 1), (4, 3), (100, 75), (4000, 3000)])
def test_prompt_of_a_length_has_three_words_for_four_tokens(tokens: int, words: int) -> None:
    assert len(prompt_of_length(PROMPTS, 1, tokens).split()) == words


def test_prompt_of_a_length_goes_round_the_prompts_from_its_own() -> None:
    assert prompt_of_length(PROMPTS, 1, 16) == "Why? How long is a day in seconds? What is the time"


def test_prompts_without_a_word_make_a_text_all_the_same() -> None:
    assert prompt_of_length(["\u00a0"], 0, 4) == "? ? ?"
