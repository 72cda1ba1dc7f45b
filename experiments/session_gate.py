"""How often the baseline gate fails what has not changed: `python -m experiments.session_gate`, a minute.

Sessions of one and the same system differ by a factor of their own, log-normal with the spread that is given, and their
trials by 3 % more. The last of them is judged against those before it.
"""

import argparse
import math

import numpy as np

from ragmeter.core.stats.contrast import ALPHA
from ragmeter.core.stats.sessions import against_sessions

SPREADS = (0.0, 0.05, 0.1, 0.2)
SESSIONS = (1, 2, 3, 5, 10)
TRIALS, WITHIN, MIN_EFFECT = 5, 0.03, 0.05


def false_fails(spread: float, sessions: int, runs: int, seed: int) -> int:
    """In how many runs a regression by more than 5 % is called."""
    rng = np.random.default_rng([seed, round(1000 * spread), sessions])
    return sum(_fails(spread, sessions, 1.0, rng) for _ in range(runs))


def power(spread: float, sessions: int, factor: float, runs: int, seed: int) -> int:
    """The same of a system that became slower by the factor."""
    rng = np.random.default_rng([seed, round(1000 * spread), sessions])
    return sum(_fails(spread, sessions, factor, rng) for _ in range(runs))


def _fails(spread: float, sessions: int, factor: float, rng: np.random.Generator) -> bool:
    drawn = [_session(spread, rng) for _ in range(sessions + 1)]
    at = against_sessions(drawn[:-1], [factor * value for value in drawn[-1]])
    return at.p_value < ALPHA and at.log_ratio > math.log1p(MIN_EFFECT)


def _session(spread: float, rng: np.random.Generator) -> list[float]:
    level = 300 * rng.lognormal(0, spread)
    return [float(value) for value in level * rng.lognormal(0, WITHIN, TRIALS)]


def main() -> None:
    for spread in SPREADS:
        for sessions in SESSIONS:
            false = false_fails(spread, sessions, 2000, 1) / 20
            found = power(spread, sessions, 1.5, 2000, 2) / 20
            print(f"spread {spread:.0%}, {sessions} sessions: {false:.1f} % false, {found:.0f} % of +50 % found")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
