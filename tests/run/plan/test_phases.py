"""What is sent is drawn from the seed and the number of the trial, and from nothing else."""

from itertools import pairwise
from typing import Any

import pytest

from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.core.inputs.traces import Lengths, TracedRequest
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.schedule.phases import phases, trial, warmup
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


def test_sweep_has_a_phase_for_each_rate() -> None:
    planned = asking(9, shape="sweep", rates_per_s=(2.0, 20.0, 200.0), requests=50, concurrency=None, trials=2)
    plans = phases(planned)
    assert [(plan.trial, plan.step, plan.first_index) for plan in plans] == [
        (0, 0, 0),
        (0, 1, 50),
        (0, 2, 100),
        (1, 0, 150),
        (1, 1, 200),
        (1, 2, 250),
    ]
    spans_s = [(plan.offsets_ns or ())[-1] / 1e9 for plan in plans[:3]]
    assert [50 / span for span in spans_s] == pytest.approx([2, 20, 200], rel=0.5)
    assert len({plan.prompt_order for plan in plans}) == 6


TRACE = tuple(
    TracedRequest(at_s=0.5 * place, lengths=Lengths(input_tokens=10 * (place + 1), output_tokens=place + 1))
    for place in range(8)
)


def test_trace_is_replayed_at_its_times_with_its_lengths() -> None:
    planned = asking(3, shape="trace", trace=TRACE, requests=6, concurrency=None, warmup_requests=2, trials=2)
    warm, first, second = phases(planned)
    assert first.offsets_ns == tuple(500_000_000 * place for place in range(6))
    assert first.lengths == second.lengths == tuple(each.lengths for each in TRACE[:6])
    assert first.prompt_order != second.prompt_order
    assert (warm.lengths, len(warm.prompt_order)) == (None, 2)


def test_duration_ends_a_trace() -> None:
    (plan,) = phases(asking(3, shape="trace", trace=TRACE, requests=8, concurrency=None, duration_s=1.5))
    assert plan.offsets_ns == (0, 500_000_000, 1_000_000_000)
    assert plan.lengths is not None
    assert len(plan.lengths) == len(plan.prompt_order) == 3


@pytest.mark.parametrize(
    ("load", "peak"),
    [
        ({"shape": "closed"}, None),
        ({"shape": "poisson", "rate_per_s": 5.0}, 5.0),
        ({"shape": "ramp", "rate_per_s": 5.0, "end_rate_per_s": 50.0}, 50.0),
        ({"shape": "sweep", "rates_per_s": (1.0, 7.0, 3.0)}, 7.0),
        ({"shape": "trace", "trace": TRACE}, 8 / 3.5),
    ],
)
def test_peak_rate_is_the_highest_that_is_offered(load: dict[str, Any], peak: float | None) -> None:
    planned = asking(3, concurrency=None, **load)
    assert planned.peak_rate_per_s == peak
    assert planned.open_loop is (peak is not None)
