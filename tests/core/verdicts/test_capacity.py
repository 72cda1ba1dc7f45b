from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.search import Search, check_search, requests_needed
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.run.plan import Part, RunEnding
from ragmeter.core.stats.estimate import estimate_ratio
from ragmeter.core.verdicts.capacity import CapacityStep, Tried, bracket, capacity_of, next_level
from tests.core.samples import sample
from tests.run.cases import workload

RULE = Search(metric="good_ratio", at_least=0.9, resolution=0.1, max_steps=20, max_usd=None, max_minutes=None)


def step(level: float, tried: Tried) -> CapacityStep:
    return CapacityStep(
        level=level,
        requests=100,
        good=100,
        good_ratio=estimate_ratio(100, 100),
        tried=tried,
        requests_per_s=level,
        output_tokens_per_s=None,
        ttft_p50_ms=10,
        ttft_p95_ms=20,
        latency_p95_ms=30,
        reasons=("late",) if tried is Tried.INVALID else (),
    )


def searched(
    truth: Callable[[float], Tried], first: float, *, whole: bool = False, rule: Search = RULE
) -> list[CapacityStep]:
    steps: list[CapacityStep] = []
    while (level := next_level(rule, steps, first, whole=whole)) is not None:
        steps.append(step(level, truth(level)))
        assert len(steps) < 100
    return steps


@given(times=st.floats(0.01, 500), first=st.floats(0.5, 50))
def test_a_rate_is_found_to_the_resolution_from_wherever_the_search_begins(times: float, first: float) -> None:
    capacity = times * first
    found = searched(lambda level: Tried.HELD if level <= capacity else Tried.FAILED, first)
    held, failed = bracket(found)
    assert held is not None
    assert failed is not None
    assert held <= capacity < failed
    assert failed / held <= 1.1 or len(found) == RULE.max_steps


@given(capacity=st.integers(1, 500), first=st.integers(1, 64))
def test_the_number_of_slots_is_found_exactly(capacity: int, first: int) -> None:
    rule = Search(metric="good_ratio", at_least=0.9, resolution=0.001, max_steps=40, max_usd=None, max_minutes=None)
    found = searched(lambda level: Tried.HELD if level <= capacity else Tried.FAILED, first, whole=True, rule=rule)
    assert bracket(found) == (capacity, capacity + 1)


def test_steps_double_and_then_bisect() -> None:
    found = searched(lambda level: Tried.HELD if level <= 10 else Tried.FAILED, 2)
    assert [round(at.level, 2) for at in found] == [2, 4, 8, 16, 11.31, 9.51, 10.37]


def test_what_is_not_decided_is_tried_three_times_and_is_in_no_bracket() -> None:
    truth = lambda level: Tried.UNDECIDED if 7 < level < 9 else Tried.HELD if level < 8 else Tried.FAILED  # noqa: E731
    found = searched(truth, 2)
    assert [at.level for at in found].count(8) == 3
    held, failed = bracket(found)
    assert held is not None
    assert held < 7.1
    assert failed is None


def test_a_client_that_is_not_fit_three_times_ends_the_search() -> None:
    found = searched(lambda level: Tried.HELD if level < 8 else Tried.INVALID, 2)
    assert [at.level for at in found] == [2, 4, 8, 8, 8]
    assert bracket(found) == (4, None)


@pytest.mark.parametrize("whole", [False, True])
def test_a_system_that_never_holds_ends_the_search(whole: bool) -> None:
    found = searched(lambda _level: Tried.FAILED, 8, whole=whole)
    assert bracket(found)[0] is None
    assert len(found) <= 12


def test_a_system_that_always_holds_ends_at_the_last_step() -> None:
    assert len(searched(lambda _level: Tried.HELD, 1)) == RULE.max_steps


def test_no_more_slots_are_tried_than_there_are_requests() -> None:
    steps = [step(4, Tried.HELD), step(8, Tried.HELD)]
    assert next_level(RULE, steps, 4, whole=True, most=12) == 12
    assert next_level(RULE, [*steps, step(12, Tried.HELD)], 4, whole=True, most=12) is None


def test_the_requests_that_a_claim_needs_are_counted_before() -> None:
    assert requests_needed(0.9) == 35
    assert requests_needed(0.99) == 381
    check_search(RULE, 12, "x.yaml")
    with pytest.raises(ConfigError, match=r"x.yaml: \$.benchmark.requests: 11: .* so 12 or more in each step"):
        check_search(RULE, 11, "x.yaml")


def requests(number: int, good: int, bad: int) -> list[RequestSample]:
    """One a second; the bad ones have a TTFT of 900 ms."""
    ttfts = [100.0] * good + [900.0] * bad
    return [
        sample(index=i, phase=Phase.SEARCH, step=number, at_ms=1000.0 * i, ttft_ms=ttft) for i, ttft in enumerate(ttfts)
    ]


def part(number: int, level: float, *, whole: bool = True) -> Part:
    return Part(name="search", trial=number, position=0, began_ns=0, ended_ns=1, whole=whole, level=level)


def ending(*parts: Part, search_ended: str | None = None) -> RunEnding:
    return RunEnding(status="complete", parts=parts, search_ended=search_ended)


@pytest.mark.parametrize(
    ("good", "sentence"),
    [(38, "; the trials at it had: 95 % [83, 99]"), (10, "; the trials at it did not confirm it: 25 % [14, 40]")],
)
def test_the_trials_at_a_load_that_was_chosen_have_the_last_word(good: int, sentence: str) -> None:
    asked = workload(search=RULE, requests=40)
    found = capacity_of(ending(part(0, 2)), requests(0, 40, 0), asked, estimate_ratio(good, 40))
    assert found is not None
    assert found.sentence.endswith(sentence)


def test_a_capacity_is_computed_from_the_raw_record() -> None:
    asked = workload(
        shape="constant", rate_per_s=2.0, concurrency=None, goodput={"ttft_ms": 500.0}, search=RULE, requests=40
    )
    samples = [*requests(0, 40, 0), *requests(1, 39, 1), *requests(2, 40, 0), *requests(3, 10, 30), *requests(4, 5, 0)]
    parts = [part(0, 2.0), part(1, 4.0), part(2, 4.0), part(3, 8.0), part(4, 6.0, whole=False)]
    found = capacity_of(ending(*parts), samples, asked, None)
    assert found is not None
    assert [(at.level, at.good, at.tried) for at in found.steps] == [
        (2.0, 40, Tried.HELD),
        (4.0, 39, Tried.UNDECIDED),
        (4.0, 40, Tried.HELD),
        (8.0, 10, Tried.FAILED),
    ]
    assert found.steps[2].good_ratio == estimate_ratio(79, 80)
    assert (found.held, found.failed) == (4.0, 8.0)
    assert found.sentence == "4 requests/s hold good_ratio of at least 90 %, 8 do not"


def test_a_search_that_was_ended_says_so() -> None:
    asked = workload(search=RULE, requests=40)
    found = capacity_of(
        ending(part(0, 2), search_ended="another step would have cost 1.00 USD"), requests(0, 40, 0), asked, None
    )
    assert found is not None
    assert found.sentence == (
        "2 concurrent requests hold good_ratio of at least 90 %, no higher one was shown not to; "
        "the search ended early: another step would have cost 1.00 USD"
    )


def test_a_run_without_a_search_has_no_capacity() -> None:
    assert capacity_of(ending(), [], workload(), None) is None
