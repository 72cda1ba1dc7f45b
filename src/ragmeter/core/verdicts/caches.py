"""No PASS of a run whose caches may have answered: it repeats questions, and no cache state is declared."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from ragmeter.core.requests.quality_metrics import OF_QUALITY
from ragmeter.core.verdicts.records import Outcome, SloVerdict, StepVerdict
from ragmeter.core.verdicts.slo import Slo

UNTOUCHED = frozenset({"errors", "error_ratio"}) | OF_QUALITY
"""Metrics that are the same whether a cache answers or not."""
V = TypeVar("V", SloVerdict, StepVerdict)


def is_touched(slo: Slo) -> bool:
    """Whether a cache can make the figure better."""
    return slo.metric.name not in UNTOUCHED


def withheld(verdicts: Iterable[SloVerdict], why: str | None) -> tuple[SloVerdict, ...]:
    """With INCONCLUSIVE instead of each PASS that a cache may have made. why: None changes nothing.

    A FAIL stands: without the cache the service would be slower still.
    """
    if why is None:
        return tuple(verdicts)
    return tuple(verdict if verdict.metric in UNTOUCHED else _withheld(verdict, why) for verdict in verdicts)


def _withheld(verdict: SloVerdict, why: str) -> SloVerdict:
    return replace(_open(verdict, why), steps=tuple(_open(step, why) for step in verdict.steps))


def _open(verdict: V, why: str) -> V:
    if verdict.outcome is not Outcome.PASS:
        return verdict
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, sentence=f"{verdict.sentence}; undecided: {why}")
