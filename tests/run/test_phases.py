"""What is sent is drawn from the seed and the number of the trial, and from nothing else."""

from itertools import pairwise
from typing import Any

import pytest

from ragmeter.core.workload import Prompt, Workload
from ragmeter.run.phases import phases, trial, warmup
from tests.run.cases import workload


def asking(prompts: int, **changes: Any) -> Workload:
    return workload(prompts=tuple(Prompt(text=f"question {n}") for n in range(prompts)), **changes)


def test_phases_are_the_warmup_and_each_trial() -> None:
    planned = asking(10, warmup_requests=3, trials=2)
    assert phases(planned) == (*warmup(planned), *trial(planned, 0), *trial(planned, 1))
    assert [(plan.name, plan.trial, plan.first_index) for plan in phases(planned)] == [
        ("warmup", 0, 0),
        ("measured", 0, 3),
        ("measured", 1, 7),
    ]


def test_workload_without_warmup_has_none() -> None:
    assert warmup(asking(3)) == ()


@pytest.mark.parametrize("order", ["round_robin", "random"])
def test_trial_does_not_depend_on_how_many_there_are(order: str) -> None:
    poisson: dict[str, Any] = {"shape": "poisson", "rate_per_s": 50.0, "concurrency": None, "prompt_order": order}
    assert trial(asking(7, trials=1, **poisson), 4) == trial(asking(7, trials=9, **poisson), 4)


def test_trials_have_start_times_of_their_own() -> None:
    planned = asking(5, shape="poisson", rate_per_s=50.0, requests=20, concurrency=None, trials=2)
    first, second = phases(planned)
    assert first.offsets_ns != second.offsets_ns
    assert phases(planned) == phases(planned)


@pytest.mark.parametrize("order", ["round_robin", "random"])
def test_trials_ask_what_was_not_asked_yet(order: str) -> None:
    planned = asking(11, warmup_requests=3, requests=4, trials=2, prompt_order=order)
    asked = [prompt for plan in phases(planned) for prompt in plan.prompt_order]
    assert sorted(asked) == list(range(11))


@pytest.mark.parametrize("order", ["round_robin", "random"])
def test_trials_that_ask_every_prompt_ask_them_in_another_order(order: str) -> None:
    planned = asking(6, requests=12, trials=5, prompt_order=order)
    assert all(one.prompt_order != other.prompt_order for one, other in pairwise(phases(planned)))
