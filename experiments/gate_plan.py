"""Does a gate of as many trials as are asked for keep its promise? `python -m experiments.gate_plan`, a minute or two.

Two systems in blocks, seven figures each. What the trials of a block have in common (the hour, the neighbours) cancels;
what is left scatters log-normally with the spread that is given, correlated over the figures of a trial, as they are of
the same requests. The plan knows the spread from five trials of a run before, and asks for so many trials.

Its time comes from saved sessions of a closed loop, each of which differs by a factor of its own, and once more from
its first trials.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from ragmeter.core.compare.gate_forecast import most_of
from ragmeter.core.compare.gate_plan import Needed, needed_for, of_both, spread_of, trials_to_decide
from ragmeter.core.requests.figure import Figure
from ragmeter.core.stats.contrast import ALPHA, contrast, holm
from ragmeter.core.stats.sessions import expected
from ragmeter.core.stats.trials import MIN_TO_SHOW

SPREADS = (0.0, 0.02, 0.05, 0.1, 0.2)
FIGURES, ALIKE = 7, 0.7
HISTORY, BLOCK, WITHIN, MIN_EFFECT = 5, 0.2, 0.03, 0.05
WITHIN_A_FIFTH = 0.2
SAVED = (1, 3, 5)
MOST_TRIALS = 400
"""More are asked for at a spread of 20 %: a gate that nobody runs, whose rates are those of a plan of this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Shares of the gates. false_fails: of an unchanged system, in any of its figures. passed: of its figures. found:
    of those of a system that is 10 % slower. trials: the median of what was asked for. in_range: the number that the
    true spread asks for is in the range that was told beside.
    """

    false_fails: float
    passed: float
    found: float
    trials: float
    in_range: float


def held(spread: float, runs: int, seed: int) -> Held:
    rng = np.random.default_rng([seed, round(1000 * spread)])
    asked = [_asked(spread, rng) for _ in range(runs)]
    wanted = [min(each.trials or MOST_TRIALS, MOST_TRIALS) for each in asked]
    same = [_gate(spread, trials, 1.0, rng) for trials in wanted]
    slower = [_gate(spread, trials, 1.1, rng) for trials in wanted]
    return Held(
        false_fails=sum("FAIL" in each for each in same) / runs,
        passed=sum(each.count("PASS") for each in same) / FIGURES / runs,
        found=sum(each.count("FAIL") for each in slower) / FIGURES / runs,
        trials=median(wanted),
        in_range=sum(_holds(each, trials_to_decide(math.sqrt(2) * spread, MIN_EFFECT, FIGURES)) for each in asked)
        / runs,
    )


def _holds(asked: Needed, truth: int | None) -> bool:
    low, at, high = (math.inf if each is None else each for each in (asked.low, truth, asked.high))
    return low <= at <= high


def _asked(spread: float, rng: np.random.Generator) -> Needed:
    """As a session asks: by the last run of each system, each figure for itself, and the most of them."""
    both = [_trials(spread, HISTORY, rng) for _ in range(2)]
    spreads = [of_both(*(spread_of(side[figure]) for side in both)) for figure in range(FIGURES)]
    asked = most_of([needed_for(Figure("ttft_ms", "p50"), each, MIN_EFFECT, FIGURES) for each in spreads])
    assert asked is not None, "there are figures"
    return asked


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Shares of the sessions. right: take what the forecast says, within 20 %. in_range: what its range holds. factor:
    the median of how far the range goes up and down. revised: of the sessions whose forecast by their own first trials
    is right within 20 %.
    """

    right: float
    in_range: float
    factor: float
    revised: float


def timed(spread: float, sessions: int, runs: int, seed: int) -> Timed:
    """spread: between sessions. sessions: that are saved."""
    rng = np.random.default_rng([seed, round(1000 * spread), sessions])
    right, in_range, factors, revised = 0, 0, [], 0
    for _ in range(runs):
        about, factor = expected([_session(spread, rng) for _ in range(sessions)])
        took = _session(spread, rng)
        truth = sum(took) / len(took)
        right += abs(about / truth - 1) <= WITHIN_A_FIFTH
        in_range += about / factor <= truth <= about * factor
        factors.append(factor)
        revised += abs(sum(took[:MIN_TO_SHOW]) / MIN_TO_SHOW / truth - 1) <= WITHIN_A_FIFTH
    return Timed(right=right / runs, in_range=in_range / runs, factor=median(factors), revised=revised / runs)


def _session(spread: float, rng: np.random.Generator) -> list[float]:
    """The time of each of its trials."""
    level = math.exp(rng.normal(0, spread))
    return [level * math.exp(rng.normal(0, WITHIN)) for _ in range(HISTORY)]


def main() -> None:
    for spread in SPREADS:
        at = held(spread, 400, 1)
        print(
            f"| {spread:.0%} | {at.trials:.0f} | {at.in_range:.0%} | {at.false_fails:.1%} | {at.passed:.0%} | "
            f"{at.found:.0%} |",
            flush=True,
        )
    for spread in SPREADS:
        of_sessions = [timed(spread, sessions, 10_000, 2) for sessions in SAVED]
        columns = [f"{at.right:.0%} | {at.in_range:.0%} | {at.factor:.2f}" for at in of_sessions]
        print(f"| {spread:.0%} | {' | '.join(columns)} | {of_sessions[0].revised:.0%} |")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
