"""From round trips in ns to what is reported, in ms."""

import math
from typing import Any

from netprobe.pingpong import RoundTrips

P99_SAMPLES = 100
"""Below this, at most one value lies beyond the p99: it would be the maximum by another name."""


def latency(found: RoundTrips) -> dict[str, Any]:
    """Order statistics by nearest rank: each is a round trip that was measured."""
    ordered = sorted(found.times_ns)

    def rank(share: float) -> float:
        return _ms(ordered[max(math.ceil(share * len(ordered)), 1) - 1])

    return {
        "min_ms": _ms(ordered[0]),
        "avg_ms": _ms(sum(ordered) / len(ordered)),
        "p50_ms": rank(0.5),
        "p90_ms": rank(0.9),
        "p99_ms": rank(0.99) if len(ordered) >= P99_SAMPLES else None,
        "max_ms": _ms(ordered[-1]),
        "samples": len(ordered),
        "clock": found.clock,
    }


def _ms(nanoseconds: float) -> float:
    return round(nanoseconds / 1e6, 6)
