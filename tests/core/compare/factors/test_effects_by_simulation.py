"""Effects of simulated blocks, whose truth is known: what is not there is not found, what is there is recovered."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from ragmeter.core.compare.comparison import Decision
from ragmeter.core.compare.factors.effects import Examined, asked_of, concluded, over_blocks, over_questions
from ragmeter.core.requests.figure import Figure
from ragmeter.core.schedule.design import Design, design_of

TTFT, RECALL = Figure("ttft_ms", "p50"), Figure("recall_at_k")
BLOCKS, QUESTIONS, SESSIONS = 6, 60, 400
PLANS: dict[str, dict[str, Any]] = {
    "full": {
        "vary": {"retrieval.k": [2, 5], "retrieval.mode": ["dense", "hybrid"]},
        "interactions": [["k", "mode"]],
    },
    "fraction": {
        "vary": {
            "retrieval.k": [2, 5],
            "retrieval.mode": ["dense", "hybrid"],
            "retrieval.candidates": [20, 50],
            "benchmark.max_output_tokens": [16, 64],
        },
        "generators": {"max_output_tokens": ["k", "mode", "candidates"]},
        "interactions": [["k", "mode"]],
    },
    "mixed": {
        "vary": {"retrieval.k": [2, 5, 10], "retrieval.mode": ["dense", "hybrid"]},
        "interactions": [["k", "mode"]],
    },
}
EFFECTS: dict[str, float] = {"k=5": 0.15, "k=10": 0.3, "mode=hybrid": -0.1, "candidates=50": 0.05, "both": 0.12}


def design(name: str) -> Design:
    found = design_of({"factors": PLANS[name]}, "w.yaml")
    assert found is not None
    return found


def truth(plan: Design, effects: Mapping[str, float]) -> list[float]:
    """Of each cell, the sum of what its levels add; ``both`` is added where k is not 2 and the mode is hybrid."""
    totals = []
    for cell in plan.cells:
        said = [f"{name}={level}" for name, level in cell.levels.items()]
        both = cell.levels["k"] != 2 and cell.levels["mode"] == "hybrid"
        totals.append(sum(effects.get(each, 0.0) for each in said) + (effects.get("both", 0.0) if both else 0.0))
    return totals


def session(plan: Design, effects: Mapping[str, float], rng: np.random.Generator) -> list[Examined]:
    """Blocks that drift, cells that scatter differently, and questions of which each has its own recall."""
    totals = truth(plan, effects)
    spreads = rng.uniform(0.02, 0.1, len(totals))
    drift = rng.normal(0, 0.2, BLOCKS)
    logs = [total + drift + rng.normal(0, spread, BLOCKS) for total, spread in zip(totals, spreads, strict=True)]
    by_block = [{block: 100 * math.exp(value) for block, value in enumerate(row)} for row in logs]
    ease = rng.uniform(0.2, 0.5, QUESTIONS)
    by_question = [dict(enumerate(np.asarray(rng.random(QUESTIONS) < ease + t, dtype=float))) for t in totals]
    tests = []
    for asked in asked_of(plan, plan.cells):
        assert asked.weights is not None
        at = over_blocks(asked.weights, by_block)
        tests.append(Examined(figure=TTFT, asked=asked, units="blocks", at=at))
        shares = over_questions(asked.weights, by_question)
        tests.append(Examined(figure=RECALL, asked=asked, units="questions", at=shares))
    return tests


def found_in(plan: Design, tests: list[Examined]) -> list[bool]:
    """Of each effect on each figure, whether it is concluded. However small it is, it matters."""
    effects = concluded(tests, plan, 1e-6)
    return [at.decision in (Decision.A_BETTER, Decision.B_BETTER) for at in effects]


def by_chance(share: float, count: int) -> float:
    """How far a share of so many may be off: two standard errors."""
    return 2 * math.sqrt(share * (1 - share) / count)


@pytest.mark.parametrize("name", PLANS)
def test_without_effects_none_is_found_but_in_one_session_of_twenty(name: str) -> None:
    plan, rng = design(name), np.random.default_rng([7, len(name)])
    sessions = [found_in(plan, session(plan, {}, rng)) for _ in range(SESSIONS)]
    assert np.mean(sessions) <= 0.05, "of the effects"
    assert np.mean([any(each) for each in sessions]) <= 0.05 + by_chance(0.05, SESSIONS), "of the sessions"


@pytest.mark.parametrize("name", PLANS)
def test_known_effects_lie_in_their_intervals(name: str) -> None:
    """Those of a session go together, so chance is that of as many sessions."""
    plan, rng = design(name), np.random.default_rng([11, len(name)])
    totals, inside, count = truth(plan, EFFECTS), {"blocks": 0, "questions": 0}, 0
    wanted = [
        sum(weight * total for weight, total in zip(asked.weights or (), totals, strict=True))
        for asked in asked_of(plan, plan.cells)
    ]
    for _ in range(SESSIONS):
        tests = session(plan, EFFECTS, rng)
        for place, test in enumerate(tests):
            assert test.at is not None
            low, high = test.at.interval()
            assert low is not None
            assert high is not None
            inside[test.units] += low <= wanted[place // 2] <= high
        count += len(wanted)
    for units, hits in inside.items():
        assert hits / count >= 0.95 - by_chance(0.95, SESSIONS), units
