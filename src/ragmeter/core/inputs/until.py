"""The section ``until`` of a workload: trials until an interval is narrow enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """ci_width: of the 95 % interval relative to its value; of a ratio, the width itself.

    metric: what is watched, such as ``p50(ttft_ms)``; None for the subject of every SLO that has an interval.
    max_usd, max_minutes: from the warm-up on; no block of trials is begun that would end beyond, as far as the last one
    tells.
    """

    ci_width: float
    metric: str | None
    max_trials: int
    max_usd: float | None
    max_minutes: float | None


def until_from(section: Mapping[str, Any]) -> Until:
    """From the section ``until`` of a valid manifest, its defaults filled in."""
    width = section["ci_width"]
    percent = isinstance(width, str)
    return Until(
        ci_width=float(str(width).rstrip(" %")) / (100 if percent else 1),
        metric=section.get("metric"),
        max_trials=section["max_trials"],
        max_usd=section.get("max_usd"),
        max_minutes=section.get("max_minutes"),
    )
