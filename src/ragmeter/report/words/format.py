"""Numbers for people. Every figure of every view is written here, and nowhere else.

A figure's unit comes from its name (``_ms``, ``_ratio``, ``_usd`` …), as the names of the records have it.
"""

import json
import math
from typing import Any, Final, Literal, TypeAlias, get_args

from ragmeter.core.figures.series import Distribution
from ragmeter.core.stats.estimate import Estimate

Unit: TypeAlias = Literal["ms", "ms as s", "s", "ratio", "tokens/s", "/s", "usd", "plain"]
"""``ms as s``: kept in ms and written in seconds."""

_DASH: Final = "\N{EN DASH}"
UNKNOWN: Final = _DASH
TOO_SMALL: Final = "too few samples"
_LEAST: Final = 0.5e-9
_LEAST_USD: Final = 0.5e-12
"""Below these a value is 0 in as many decimals as are ever written."""

_UNIT_BY_SUFFIX: Final[tuple[tuple[str, Unit], ...]] = (
    ("_ms", "ms"),
    ("tokens_per_s", "tokens/s"),
    ("tokens_per_sec", "tokens/s"),
    ("_per_s", "/s"),
    ("_rps", "/s"),
    ("_ratio", "ratio"),
    ("mrr", "ratio"),
    ("groundedness", "ratio"),
    ("exact_match", "ratio"),
    ("token_f1", "ratio"),
    ("_at_k", "ratio"),
    ("_usd", "usd"),
    ("_seconds", "s"),
)


def unit_of(name: str) -> Unit:
    """``usd_per_request`` is money, too: a leading ``usd`` counts like the suffix."""
    if name.startswith("usd_"):
        return "usd"
    return next((unit for suffix, unit in _UNIT_BY_SUFFIX if name.endswith(suffix)), "plain")


def unit_of_all(figures: Distribution) -> Unit:
    """One unit for all figures of a distribution: latencies whose median reaches 5 s are written in seconds."""
    if figures.unit == "ms" and (figures.p50.value or 0) >= 5_000:
        return "ms as s"
    return next((unit for unit in get_args(Unit) if unit == figures.unit), "plain")


def symbol(unit: Unit) -> str:
    """What stands behind a number of this unit."""
    return {"ms as s": "s", "ratio": "%", "usd": "USD", "plain": ""}.get(unit, unit)


def shown_number(value: float, unit: Unit) -> float:
    """The number that is written for a value of this unit."""
    return value / 1000 if unit == "ms as s" else value * 100 if unit == "ratio" else value


def number(value: float) -> str:
    """Three significant digits, and never fewer than the integer part has: 0.412, 4.12, 41.2, 412, 1,843. What is
    nothing in nine decimals is 0, and has no sign.
    """
    size = abs(value)
    if size < _LEAST or size >= 100:
        return f"{value if size >= 100 else 0:,.0f}"
    decimals = 2 - math.floor(math.log10(size))
    return f"{value:.{min(decimals, 9)}f}"


def count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def money(usd: float) -> str:
    """Cents from 100 USD on, four significant digits below."""
    size = abs(usd) if abs(usd) >= _LEAST_USD else 0.0
    sign = "-" if usd < 0 and size else ""
    if size == 0 or size >= 100:
        return f"{sign}${size:,.2f}"
    return f"{sign}${size:.{min(max(3 - math.floor(math.log10(size)), 2), 12)}f}"


def percent(ratio: float) -> str:
    """One decimal, two within 1 % of either end; only what is exactly none or all says 0 % or 100 %."""
    if 0 < ratio < 0.0001:
        return "< 0.01 %"
    if 0.9999 < ratio < 1:
        return "> 99.99 %"
    decimals = 2 if ratio < 0.01 or 0.99 < ratio <= 1 else 1
    return f"{_trimmed(f'{ratio * 100:.{decimals}f}')} %"


def _trimmed(decimal: str) -> str:
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def span(seconds: float | None) -> str:
    """A length of time that people plan with: ``41.2 s``, ``2 min 5 s``, ``1 h 2 min``."""
    if seconds is None:
        return UNKNOWN
    if seconds < 120:
        return f"{number(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def quantity(value: float | None, unit: Unit) -> str:
    if value is None:
        return UNKNOWN
    if unit in ("ratio", "usd"):
        return percent(value) if unit == "ratio" else money(value)
    return f"{number(shown_number(value, unit))} {symbol(unit)}".rstrip()


def figure(name: str, value: float | None) -> str:
    """A value under the unit that its name states."""
    return quantity(value, unit_of(name))


def interval(estimate: Estimate, unit: Unit, *, bare: bool = False) -> str:
    """Low to high with the unit behind, without it when ``bare``; an open side reads ``≥`` or ``≤``."""
    low, high = estimate.low, estimate.high
    if low is not None and high is not None:
        words = _closed(quantity(low, unit), quantity(high, unit))
        return words.removesuffix(f" {symbol(unit)}") if bare else words
    if low is not None:
        return f"≥ {quantity(low, unit)}, no upper bound"
    return "no interval" if high is None else f"≤ {quantity(high, unit)}, no lower bound"


def _closed(low: str, high: str) -> str:
    low_number, _, low_unit = low.partition(" ")
    same = low_unit == high.partition(" ")[2] and not low.startswith("-")
    return f"{low_number}{_DASH}{high}" if same else f"{low} to {high}"


def interval_name(estimate: Estimate) -> str:
    return f"{percent(estimate.confidence)} interval"


def moment(iso: str) -> str:
    """``2026-02-22T10:11:12Z`` as ``2026-02-22 10:11:12 UTC``; other texts stay as they are."""
    date, _, time = iso.removesuffix("Z").removesuffix("+00:00").partition("T")
    in_utc = time and iso.endswith(("Z", "+00:00"))
    return f"{date} {time.partition('.')[0]} UTC" if in_utc else iso


def shown(value: Any) -> str:
    """A metadata value as a person reads it; None is not known."""
    if value is None:
        return "not known"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
