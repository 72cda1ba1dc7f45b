"""Does a gate of as many trials as are asked for keep its promise? `python -m experiments.gate_plan`, a minute or two.

Two systems in blocks, seven figures each. What the trials of a block have in common (the hour, the neighbours) cancels;
what is left scatters log-normally with the spread that is given, correlated over the figures of a trial, as they are of
the same requests. The plan knows the spread from five trials of a run before, and asks for so many trials.

Its time comes from saved sessions of a closed loop, each of which differs by a factor of its own.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from ragmeter.core.compare.gate_plan import spread_of, trials_to_decide
from ragmeter.core.stats.contrast import ALPHA, contrast, holm

SPREADS = (0.0, 0.02, 0.05, 0.1, 0.2)
FIGURES, ALIKE = 7, 0.7
HISTORY, BLOCK, WITHIN, MIN_EFFECT = 5, 0.2, 0.03, 0.05
MOST_TRIALS = 400
"""More are asked for at a spread of 20 %: a gate that nobody runs, whose rates are those of a plan of this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Shares of the gates. false_fails: of an unchanged system, in any of its figures. passed: of its figures. found:
    of those of a system that is 10 % slower. trials: the median of what was asked for.
    """

    false_fails: float
    passed: float
    found: float
    trials: float


def held(spread: float, runs: int, seed: int) -> Held:
    rng = np.random.default_rng([seed, round(1000 * spread)])
    wanted = [_asked(spread, rng) for _ in range(runs)]
    same = [_gate(spread, trials, 1.0, rng) for trials in wanted]
    slower = [_gate(spread, trials, 1.1, rng) for trials in wanted]
    return Held(
        false_fails=sum("FAIL" in each for each in same) / runs,
        passed=sum(each.count("PASS") for each in same) / FIGURES / runs,
        found=sum(each.count("FAIL") for each in slower) / FIGURES / runs,
        trials=median(wanted),
    )


def _asked(spread: float, rng: np.random.Generator) -> int:
    """As a session asks: by the last run of each system, each figure for itself, and the most of them."""
    both = [_trials(spread, HISTORY, rng) for _ in range(2)]
    needed = [
        trials_to_decide(math.hypot(*(spread_of(side[figure]) or 0.0 for side in both)), MIN_EFFECT, FIGURES)
        for figure in range(FIGURES)
    ]
    return min(max(each or MOST_TRIALS for each in needed), MOST_TRIALS)


def _gate(spread: float, trials: int, factor: float, rng: np.random.Generator) -> list[str]:
    blocks = np.exp(rng.normal(0, BLOCK, trials))
    reference, judged = (_trials(spread, trials, rng, blocks) for _ in range(2))
    pairs = zip(reference, judged, strict=True)
    contrasts = [contrast(a, [factor * value for value in b], paired=True) for a, b in pairs]
    adjusted = holm([at.p_value or 0.0 for at in contrasts])
    limit = math.log1p(MIN_EFFECT)
    outcomes = []
    for at, p in zip(contrasts, adjusted, strict=True):
        high = at.interval()[1]
        fails = p < ALPHA and at.log_ratio > limit
        outcomes.append("FAIL" if fails else "PASS" if high is not None and high < limit else "INCONCLUSIVE")
    return outcomes


def _trials(
    spread: float, trials: int, rng: np.random.Generator, blocks: Sequence[float] | np.ndarray | float = 1.0
) -> list[list[float]]:
    """By figure, one value a trial."""
    common, own = rng.normal(size=trials), rng.normal(size=(FIGURES, trials))
    logs = spread * (math.sqrt(ALIKE) * common + math.sqrt(1 - ALIKE) * own)
    return [[float(value) for value in row] for row in 300 * np.exp(logs) * blocks]


def time_is_right(spread: float, sessions: int, runs: int, seed: int) -> float:
    """Share of the sessions that take what the saved ones let expect, within 20 %. spread: between sessions."""
    rng = np.random.default_rng([seed, round(1000 * spread), sessions])
    before = np.mean([_session_s(spread, runs, rng) for _ in range(sessions)], axis=0)
    return float(np.mean(np.abs(before / _session_s(spread, runs, rng) - 1) <= 0.2))


def _session_s(spread: float, runs: int, rng: np.random.Generator) -> np.ndarray:
    """Mean time of a trial of five, of so many sessions."""
    level = np.exp(rng.normal(0, spread, runs))
    return np.asarray(level * np.exp(rng.normal(0, WITHIN, (HISTORY, runs))).mean(axis=0))


def main() -> None:
    for spread in SPREADS:
        at = held(spread, 400, 1)
        times = (time_is_right(spread, sessions, 100_000, 2) for sessions in (1, 5))
        print(
            f"| {spread:.0%} | {at.trials:.0f} | {at.false_fails:.1%} | {at.passed:.0%} | {at.found:.0%} | "
            f"{' | '.join(f'{share:.0%}' for share in times)} |"
        )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
