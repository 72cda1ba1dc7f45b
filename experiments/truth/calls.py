"""How often two systems are called different: identical ones, and ones that differ by what is said to be detectable."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.truth.worlds import HEAVY, LOG_NORMAL, Shape, Values, factors, trials_of
from ragmeter.core.compare.caveats import Conditions
from ragmeter.core.compare.compare import compare_measured
from ragmeter.core.compare.comparison import Decision, Side
from ragmeter.core.compare.measured import GATED, MeasuredRun
from ragmeter.core.stats.contrast import contrast
from ragmeter.core.stats.estimate import Estimate, unbiased_quantile

UNKNOWN = Estimate(value=None, low=None, high=None, n=0, enough=False)
CALLED = frozenset({Decision.A_BETTER, Decision.B_BETTER})


@dataclass(frozen=True, slots=True, kw_only=True)
class AA:
    """Two runs of one system, with a drift between trials of ``cv``.

    interleaved: in blocks, so that both meet the same drift, and 10 % of their own. session_cv: what a whole run meets
    beside it, as runs of different days do.
    """

    shape: Shape
    trials: int
    cv: float
    interleaved: bool
    session_cv: float = 0.0
    requests: int = 100


def aa_cases() -> Iterator[AA]:
    for cv in (0.37, 0.59, 0.64):
        for trials in (5, 7, 20):
            yield AA(shape=LOG_NORMAL, trials=trials, cv=cv, interleaved=True)
            yield AA(shape=LOG_NORMAL, trials=trials, cv=cv, interleaved=False)
    yield AA(shape=HEAVY, trials=7, cv=0.64, interleaved=True)
    yield AA(shape=HEAVY, trials=7, cv=0.64, interleaved=False)
    yield AA(shape=LOG_NORMAL, trials=7, cv=0.2, interleaved=False, session_cv=0.2)
    yield AA(shape=LOG_NORMAL, trials=7, cv=0.2, interleaved=True, session_cv=0.2)


def false_alarms(case: AA, runs: int, seed: int) -> tuple[float, float, float]:
    """(any of the declared metrics is called, the p50 of the TTFT is called, the naive method calls it).

    Naive: Welch's t test over the pooled requests, as if each were independent; with 500 and more it is a z test.
    """
    rng = np.random.default_rng(seed)
    called = np.zeros(3)
    for _ in range(runs):
        a, b = _two(case, rng)
        sides = [_run("a", a, case), _run("b", b, case)]
        found = compare_measured(sides, declared=GATED, ragmeter_version="0").pairs[0].metrics
        called += (
            any(at.decision in CALLED for at in found),
            found[0].p_value is not None and found[0].p_value < 0.05,
            _naive(a.ravel(), b.ravel()),
        )
    family, single, naive = called / runs
    return float(family), float(single), float(naive)


def _naive(a: Values, b: Values) -> bool:
    error = math.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)
    return bool(abs(a.mean() - b.mean()) / error > 1.96)


def _two(case: AA, rng: np.random.Generator) -> tuple[Values, Values]:
    """An interleaved session is one session for both, so what it meets as a whole cancels."""
    session = factors(rng, 2, case.session_cv)
    if not case.interleaved:
        a, b = (session[at] * trials_of(rng, case.shape, case.trials, case.requests, case.cv) for at in range(2))
        return a, b
    shared = factors(rng, case.trials, case.cv)[:, None] * session[0]
    a, b = (shared * trials_of(rng, case.shape, case.trials, case.requests, 0.1) for _ in range(2))
    return a, b


def _run(label: str, values: Values, case: AA) -> MeasuredRun:
    """TTFT as simulated; the other metrics follow from it, as they do in a system that is slow as a whole."""
    median = [unbiased_quantile(row, 0.5) for row in values]
    tail = [unbiased_quantile(row, 0.95) for row in values]
    mean = [float(row.mean()) for row in values]
    inverse = [1 / one for one in mean]
    figures: Sequence[Sequence[float | None]] = (median, tail, median, mean, tail, inverse, mean)
    side = Side(
        label=label,
        run_id=label,
        provider=label,
        workload="w",
        started_at="2026-02-22T10:00:00+00:00",
        status="complete",
        trials=case.trials,
        requests=values.size,
        error_ratio=UNKNOWN,
        estimates={},
        figures={str(key): tuple(own) for key, own in zip(GATED, figures, strict=True)},
        curves={},
        cost=None,
        mean_output_tokens=None,
        effective_decode_concurrency=None,
        not_fit=(),
        caveats=(),
        netprobe_reference=None,
        raw_samples_path=label,
        raw_sha256=None,
    )
    session = "s" if case.interleaved else None
    return MeasuredRun(
        side=side,
        by_trial={key: dict(enumerate(own)) for key, own in zip(GATED, figures, strict=True)},
        enough=dict.fromkeys(GATED, True),
        conditions=Conditions(side=side, interleaving=session, begin=None, end=None),
        identity={},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """family: how many figures are tested at once. cv: of what each side has of its own."""

    trials: int
    paired: bool
    family: int
    cv: float


def power_cases() -> Iterator[Power]:
    for paired in (True, False):
        for trials in (5, 10, 20):
            for family in (1, 7, 21):
                yield Power(trials=trials, paired=paired, family=family, cv=0.2)


def power(case: Power, runs: int, seed: int) -> float:
    """How often a difference as large as the printed detectable one, in the median, is called. Promised: 0.8."""
    rng = np.random.default_rng(seed)
    printed = [contrast(*_sides(case, 0.0, case.trials, rng), paired=case.paired) for _ in range(runs)]
    effect = float(np.median([at.detectable(case.family) or 0.0 for at in printed]))
    return _called(case, effect, lambda _rng: case.trials, runs, seed + 1)


def power_of_the_plan(case: Power, effect: float, runs: int, seed: int) -> float:
    """How often a true difference is called by as many trials as a pilot of ``case.trials`` trials asked for."""

    def planned(rng: np.random.Generator) -> int:
        pilot = contrast(*_sides(case, 0.0, case.trials, rng), paired=case.paired)
        return pilot.trials_needed(effect, case.family) or 1000

    return _called(case, effect, planned, runs, seed)


def _called(case: Power, effect: float, trials: Callable[[np.random.Generator], int], runs: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    called = 0
    for _ in range(runs):
        found = contrast(*_sides(case, effect, trials(rng), rng), paired=case.paired)
        called += (found.p_value or 0.0) * case.family < 0.05
    return called / runs


def _sides(case: Power, effect: float, trials: int, rng: np.random.Generator) -> tuple[list[float], list[float]]:
    a, b = (factors(rng, trials, case.cv) for _ in range(2))
    return a.tolist(), (b * math.exp(effect)).tolist()
