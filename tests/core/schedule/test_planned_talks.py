"""Sessions of a phase: drawn from the seed, one script after the other, and whole in every shard."""

from typing import Any

import numpy as np
import pytest

from ragmeter.core.inputs.drawn import Drawn
from ragmeter.core.inputs.talks import Leaving
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.schedule.phases import phases
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.core.schedule.shards import shards
from ragmeter.core.schedule.talks import leaves_of
from tests.core.inputs.test_scripted_talks import made

SCRIPTS = [["a1", "a2", "a3"], ["b1"], ["c1", "c2"]]


def planned(**keys: Any) -> Workload:
    thinks = {"distribution": "exponential", "mean": 3}
    return made({"turns": SCRIPTS, "count": 4, "think_time": thinks}, **keys)


def asked(plan: PhasePlan, workload: Workload) -> list[list[str]]:
    texts = [workload.prompts[index].text for index in plan.prompt_order]
    return [[texts[place] for place in talk.places] for talk in plan.talks or ()]


def test_scripts_follow_one_another_over_the_phases() -> None:
    workload = planned(benchmark={"warmup_requests": 1, "trials": 2, "concurrency": 2})
    warm, first, second = phases(workload)
    assert asked(warm, workload) == [SCRIPTS[0]]
    assert asked(first, workload) == [SCRIPTS[1], SCRIPTS[2], SCRIPTS[1], SCRIPTS[2]]  # each round one script further
    assert [len(asked(plan, workload)) for plan in (first, second)] == [4, 4]
    assert [talk.number for plan in (warm, first, second) for talk in plan.talks or ()] == list(range(9))
    firsts = [plan.first_index for plan in (warm, first, second)]
    assert firsts == [0, 3, 3 + len(first.prompt_order)]


def test_users_think_between_turns_and_never_alike_in_two_trials() -> None:
    first, second = phases(planned(benchmark={"trials": 2}))
    for plan in (first, second):
        assert all(len(talk.thinks_ns) == talk.turns - 1 for talk in plan.talks or ())
        assert all(talk.offset_ns is None for talk in plan.talks or ())
    thought = [[talk.thinks_ns for talk in plan.talks or ()] for plan in (first, second)]
    assert thought[0] != thought[1]
    assert phases(planned(benchmark={"trials": 2}))[0] == first


def test_an_open_loop_has_the_moments_of_sessions() -> None:
    (plan,) = phases(planned(load={"shape": "constant", "rate_per_s": 2}))
    assert [talk.offset_ns for talk in plan.talks or ()] == [0, 500_000_000, 1_000_000_000, 1_500_000_000]
    assert (plan.concurrency, plan.offsets_ns) == (None, None)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("load", [{"shape": "closed"}, {"shape": "poisson", "rate_per_s": 5}], ids=["closed", "open"])
def test_shards_together_send_each_session_once_and_whole(count: int, load: dict[str, Any]) -> None:
    workload = planned(load=load, benchmark={"concurrency": 3}, leaving={"share": 0.5, "after": 1})
    (plan,) = phases(workload)
    parts = shards(plan, count)
    assert sorted(talk.number for part in parts for talk in part.talks or ()) == [
        talk.number for talk in plan.talks or ()
    ]
    indices = [part.index(place) for part in parts for place in range(len(part.prompt_order))]
    assert sorted(indices) == list(range(len(plan.prompt_order)))
    by_number = {
        talk.number: questions for talk, questions in zip(plan.talks or (), asked(plan, workload), strict=True)
    }
    for part in parts:
        for talk, questions in zip(part.talks or (), asked(part, workload), strict=True):
            assert questions == by_number[talk.number]
        assert len(part.leaves_ns or ()) == len(part.prompt_order)
    slots = [part.concurrency for part in parts]
    assert all(each is None for each in slots) if plan.concurrency is None else sum(each or 0 for each in slots) == 3


def test_so_many_clients_leave_as_the_share_says() -> None:
    leaving = Leaving(share=0.2, after=Drawn(kind="uniform", min=1, max=3))
    times = leaves_of(leaving, 20_000, np.random.default_rng(1))
    gone = [each for each in times if each is not None]
    assert len(gone) / len(times) == pytest.approx(0.2, abs=0.02)
    assert 1e9 <= min(gone) <= max(gone) <= 3e9
    assert leaves_of(Leaving(share=1, after=Drawn(kind="fixed", value=0)), 3, np.random.default_rng(1)) == (0, 0, 0)
