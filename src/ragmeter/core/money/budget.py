"""What a session may take: minutes and dollars, by the clock and the price sheets of its clusters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ragmeter.core.money.cost import BYTES_PER_GB, hourly_parts, price_sheet_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """None: no limit."""

    max_usd: float | None = None
    max_minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """usd: None where the prices are not known."""

    minutes: float
    usd: float | None

    def __sub__(self, other: "Spent") -> "Spent":
        known = self.usd is not None and other.usd is not None
        return Spent(
            minutes=self.minutes - other.minutes, usd=(self.usd or 0.0) - (other.usd or 0.0) if known else None
        )


def exceeded(limits: Limits, spent: Spent) -> str | None:
    """Which limit is reached, and by how much was spent; None while none is."""
    if limits.max_usd is not None and spent.usd is not None and spent.usd >= limits.max_usd:
        return f"{usd_text(spent.usd)} of at most {usd_text(limits.max_usd)}"
    if limits.max_minutes is not None and spent.minutes >= limits.max_minutes:
        return f"{spent.minutes:.3g} of at most {limits.max_minutes:.3g} minutes"
    return None


def usd_text(usd: float) -> str:
    """``0.012 USD``: two decimals, and at least two digits that say something."""
    return f"{usd:.2f} USD" if usd == 0 or usd >= 0.1 else f"{usd:.2g} USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a cluster costs: USD per hour, None where a part of it is unknown; and USD per byte that leaves it.

    unknown: sentences on what is missing.
    """

    usd_per_hr: float | None
    usd_per_byte: float
    unknown: tuple[str, ...] = ()


def rate_of(prices: Mapping[str, Any] | None) -> Rate:
    """Of a price sheet as it is written in a provider file."""
    if prices is None:
        return Rate(usd_per_hr=None, usd_per_byte=0.0, unknown=("the provider file has no price sheet",))
    sheet = price_sheet_from(prices)
    parts, unknown = hourly_parts(sheet)
    return Rate(
        usd_per_hr=None if unknown else sum(parts.values()),
        usd_per_byte=(sheet.egress_usd_per_gb or 0.0) / BYTES_PER_GB,
        unknown=tuple(unknown),
    )
