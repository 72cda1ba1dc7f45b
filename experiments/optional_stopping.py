"""How often an interval covers the truth when it was looked at after each trial until it was narrow enough.

Run it: ``python experiments/optional_stopping.py``; a minute. The figure of a trial is log-normal or has a heavy
tail around its typical value; drift is the standard deviation of its logarithm. Looking begins after five trials and
ends when the interval (nominal 95 %) is at most 10 % wide, or after 60 trials. What counts is the ratio of drift to
width, so other widths behave alike.
"""

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.stats import student
from ragmeter.core.verdicts.precision import AFTER_DECISION

RUNS, MOST, FIRST, WIDTH = 20_000, 60, 5, 0.1
Draw = Callable[[np.random.Generator, float], NDArray[np.float64]]


def normal(rng: np.random.Generator, drift: float) -> NDArray[np.float64]:
    return rng.normal(0, drift, (RUNS, MOST))


def heavy(rng: np.random.Generator, drift: float) -> NDArray[np.float64]:
    """Student's t with three degrees of freedom, of the same standard deviation."""
    drawn: NDArray[np.float64] = rng.standard_t(3, (RUNS, MOST)) * drift / np.sqrt(3)
    return drawn


def simulate(logs: NDArray[np.float64], further: int) -> tuple[float, float]:
    """(coverage, mean number of trials) with so many trials after the interval was narrow for the first time."""
    count = np.arange(1, MOST + 1)
    mean = np.cumsum(logs, axis=1) / count
    spread = np.sqrt(np.maximum(0, np.cumsum(logs**2, axis=1) - count * mean**2) / np.maximum(1, count - 1))
    quantiles = np.array([np.inf, *(student.quantile(0.975, n - 1) for n in count[1:])])
    half = quantiles * np.where(count > 1, spread, 1.0) / np.sqrt(count)
    narrow = np.exp(half) - np.exp(-half) <= WIDTH
    narrow[:, : FIRST - 1] = False
    narrow[:, -1] = True
    stop = np.minimum(narrow.argmax(axis=1) + further, MOST - 1)
    rows = np.arange(RUNS)
    return float(np.mean(np.abs(mean[rows, stop]) <= half[rows, stop])), float(np.mean(stop + 1))


def main() -> None:
    rng = np.random.default_rng(5)
    print("figures of trials, drift | coverage and mean trials: stopped at once, one trial more, three (ours), five")
    draws: tuple[tuple[str, Draw], ...] = (("log-normal", normal), ("heavy tail", heavy))
    for name, draw in draws:
        for drift in (0.02, 0.05, 0.08, 0.1, 0.15, 0.2):
            logs = draw(rng, drift)
            found = (simulate(logs, further) for further in (0, 1, AFTER_DECISION, 5))
            row = "   ".join(f"{covered:.3f} ({trials:4.1f})" for covered, trials in found)
            print(f"{name:10} {drift:5} | {row}", flush=True)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
