"""How often intervals of a p50 and a p95 cover the truth, by method, trials and drift between trials.

Run it: ``python tests/performance/interval_coverage.py``; a minute. Latencies are log-normal (sigma 0.5), and each
trial is off by a log-normal factor of its own. Nominal coverage is 95 %.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.stats import Interval, quantile_interval
from ragmeter.core.trials import mean_over_trials

RUNS, REQUESTS, WITHIN, RESAMPLES = 400, 200, 0.5, 200


def bootstrap(values: NDArray[np.float64], share: float, rng: np.random.Generator) -> Interval:
    """Percentile interval of the pooled percentile, trials resampled."""
    count = len(values)
    drawn = [np.quantile(values[rng.integers(0, count, count)], share) for _ in range(RESAMPLES)]
    return float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))


def covered(intervals: list[Interval], truth: float) -> float:
    return sum((low is None or low <= truth) and (high is None or truth <= high) for low, high in intervals) / RUNS


def main() -> None:
    print("drift trials share | t over trials, bootstrap of trials, pooled order statistics")
    rng = np.random.default_rng(7)
    for drift in (0.0, 0.1, 0.4, 0.6):
        for trials in (3, 5, 10):
            for share, z in ((0.5, 0.0), (0.95, 1.6449)):
                runs = [
                    np.exp(rng.normal(0, drift, (trials, 1)) + rng.normal(0, WITHIN, (trials, REQUESTS)))
                    for _ in range(RUNS)
                ]
                typical, mixed = math.exp(z * WITHIN), math.exp(z * math.hypot(WITHIN, drift))
                over = covered([mean_over_trials(np.quantile(run, share, axis=1).tolist())[1] for run in runs], typical)
                resampled = covered([bootstrap(run, share, rng) for run in runs], mixed)
                pooled = covered([quantile_interval(run.ravel(), share) for run in runs], mixed)
                print(f"{drift:5} {trials:6} {share:5} | {over:.3f} {resampled:.3f} {pooled:.3f}", flush=True)


if __name__ == "__main__":
    main()
