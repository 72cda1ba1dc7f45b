"""Where a value stands on an axis, and which values an axis names."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ragmeter.report.words.format import Unit, shown_number

_LOG_FROM = 30.0
"""A span of values wider than this factor is drawn on a logarithmic axis: the body stays visible beside the tail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError(f"a scale needs low < high, and 0 < low when logarithmic; got {self}")

    def share(self, value: float) -> float:
        """Position in 0..1; values beyond an end stand at that end."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            return math.log(at / low) / math.log(high / low)
        return (at - low) / (high - low)

    def at(self, share: float) -> float:
        """The value at a position in 0..1."""
        if self.log:
            return self.low * math.exp(math.log(self.high / self.low) * share)
        return self.low + (self.high - self.low) * share


def spanning(values: Iterable[float]) -> Scale:
    """A scale from the smallest to the largest value; logarithmic where they span more than a factor of 30."""
    found = tuple(values)
    low, high = min(found), max(found)
    if low == high:
        return fitting(found)
    return Scale(low=low, high=high, log=low > 0 and high / low > _LOG_FROM)


def fitting(values: Iterable[float], *, from_zero: bool = False) -> Scale:
    """Like ``spanning``, with round ends."""
    found = tuple(values)
    low, high = min(found), max(found)
    if low > 0 and high / low > _LOG_FROM:
        return Scale(low=low / 1.1, high=high * 1.1, log=True)
    low = min(0.0, low) if from_zero else low
    if low == high:
        low, high = low - (abs(low) or 1.0) * 0.1, high + (abs(high) or 1.0) * 0.1
    step = _step(high - low, 5)
    return Scale(low=math.floor(low / step) * step, high=math.ceil(high / step) * step)


def ticks(scale: Scale, *, most: int = 5) -> Sequence[float]:
    """At most about ``most`` round values on the scale."""
    if scale.log:
        return _log_ticks(scale, most)
    step = _step(scale.high - scale.low, most)
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def _step(width: float, most: int) -> float:
    """The smallest of 1, 2 or 5 times 10^k that cuts the width into no more than ``most`` pieces."""
    raw = width / most
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * (1 - 1e-9))


def _log_ticks(scale: Scale, most: int) -> Sequence[float]:
    exponents = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [factor * 10.0**exponent for exponent in exponents for factor in factors]
        inside = [value for value in found if scale.low <= value <= scale.high]
        if len(inside) <= most:
            return inside
    return inside[:: math.ceil(len(inside) / most)]


def labelled(scale: Scale, unit: Unit) -> Sequence[tuple[float, str]]:
    """The round values of an axis with what is written at each; the axis' title has the unit."""
    values = ticks(scale)
    return [(value, _written(shown_number(value, unit))) for value in values]


def _written(value: float) -> str:
    """``12,000``, ``1.5``, ``0.02``: a round number needs no more than its own digits."""
    return f"{value:,.9f}".rstrip("0").rstrip(".")
