"""One figure of a new session against the same of saved ones: the session is the unit, since what differs from one to
the next (neighbours, time of day, a rescheduled pod) is in each of its trials alike.

The random-effects model: the log figure of a session is a mean plus a deviation of its own, and its trials scatter
around that. The spread of the saved sessions holds both. The new session deviates, too, so that the error of its
difference from their mean is the spread times sqrt(1 + 1/K), with K - 1 degrees of freedom (Hahn & Meeker 1991, the
interval of one further observation). Trials of one session say nothing about the deviation between sessions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev, variance
from typing import Final

from ragmeter.core.stats import student

MIN_SESSIONS: Final = 3
"""Below this the spread between sessions is assumed and not estimated."""
ASSUMED_SPREAD: Final = 0.2
"""Standard deviation of the log figure between sessions of one and the same system, where it is not known: a fifth is
the most that most systems show, and a smaller one would fail what has not changed.
"""
EXPECTED: Final = 0.9
"""Share of the sessions that a forecast of one holds."""
_CERTAIN_DF: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionContrast:
    """log_ratio: of the new session to the typical saved one. error: of that, with df. sessions: saved ones."""

    log_ratio: float
    error: float
    df: int
    sessions: int

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Of the logarithm."""
        half = student.quantile((1 + confidence) / 2, self.df) * self.error
        return self.log_ratio - half, self.log_ratio + half

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference beyond that between sessions."""
        if self.error == 0:
            return 1.0 if self.log_ratio == 0 else 0.0
        return student.two_sided_p(self.log_ratio / self.error, self.df)


def against_sessions(then: Sequence[Sequence[float]], now: Sequence[float]) -> SessionContrast:
    """From one positive figure for each trial of each session. Raises ValueError for a session without trials, and
    without any saved session.

    With fewer than three saved sessions the spread is `ASSUMED_SPREAD`. From three on it is estimated, and not below
    what the trials within a session scatter by.
    """
    if not then or not now or not all(then):
        raise ValueError(f"{len(then)} saved sessions, {len(now)} trials: each needs one at least")
    variance_between, df = between(then)
    more = max(0.0, _of_mean(now) - fmean(map(_of_mean, then)))
    return SessionContrast(
        log_ratio=fmean(map(math.log, now)) - fmean(_mean_log(session) for session in then),
        error=math.sqrt(variance_between * (1 + 1 / len(then)) + more),
        df=df,
        sessions=len(then),
    )


def between(then: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Variance of the log figure from one session to the next, and its degrees of freedom: see `against_sessions`."""
    within = fmean(map(_of_mean, then))
    if len(then) < MIN_SESSIONS:
        return ASSUMED_SPREAD**2 + within, _CERTAIN_DF
    return max(stdev(map(_mean_log, then)) ** 2, within), len(then) - 1


def expected(then: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The typical figure of a session like the saved ones, and the factor that it differs by at most, up or down, in
    nine sessions of ten: Hahn & Meeker's interval, by the spread of `between`.

    then: one positive figure for each trial of each saved session; one session at least.
    """
    variance_between, df = between(then)
    error = math.sqrt(variance_between * (1 + 1 / len(then)))
    return math.exp(fmean(map(_mean_log, then))), math.exp(student.quantile((1 + EXPECTED) / 2, df) * error)


def _mean_log(session: Sequence[float]) -> float:
    return fmean(map(math.log, session))


def _of_mean(session: Sequence[float]) -> float:
    """Variance of the mean of the logarithms; 0 of a single trial, which says nothing of it."""
    return variance([math.log(value) for value in session]) / len(session) if len(session) > 1 else 0.0
