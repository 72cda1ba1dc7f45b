"""Why a figure cannot be judged: the client measurement error is too large a part of it."""

from collections.abc import Mapping

from ragmeter.core.client.floor import Calibration
from ragmeter.core.formatting import number_text
from ragmeter.core.requests.figure import percentile_share
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.slo import Slo

FLOOR_TOLERANCE = 0.05


TAIL_FROM = 0.9
"""Percentiles from here on are held against the p99 of the floor, the others against its median."""


FLOORS: Mapping[str, str] = {
    "ttft_ms": "ttft_ms",
    "ttft_scheduled_ms": "ttft_ms",
    "adj_ttft_ms": "ttft_ms",
    "adj_ttft_scheduled_ms": "ttft_ms",
    "itl_ms": "itl_ms",
    "tpot_ms": "tpot_ms",
}
"""Metrics that the client measurement error is a part of, with the floor it is."""


def floor_reasons(slo: Slo, estimate: Estimate | None, calibration: Calibration | None) -> list[str]:
    """Why the client cannot judge this SLO, if it cannot: its floor is above 5 % of the figure.

    Judged by the lower end of the floor's interval, as lag is: one hiccup in a short calibration is no floor.
    """
    name = FLOORS.get(slo.metric.name)
    if calibration is None or name is None or estimate is None or not estimate.value:
        return []
    share = percentile_share(slo.statistic or "")
    which = "p99" if share is not None and share >= TAIL_FROM else "p50"
    floor: Estimate = getattr(calibration.floors[name], which)
    if floor.value is None or floor.low is None or floor.low <= FLOOR_TOLERANCE * estimate.value:
        return []
    return [
        f"the client itself is off by up to {number_text(floor.value, 3)} ms ({which} of its {name} in calibration), "
        f"more than {FLOOR_TOLERANCE:.0%} of the figure"
    ]
