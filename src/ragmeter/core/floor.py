"""How far the client itself is off, against a server whose times are known, and what that means for a figure."""

from collections.abc import Iterable, Mapping, Sequence

from ragmeter.core.records import RequestSample
from ragmeter.core.result import Calibration, Estimate, Floor
from ragmeter.core.series import percentile_share
from ragmeter.core.slo import Slo
from ragmeter.core.stats import estimate_quantile

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
"""Metrics that the client's own error is a part of, with the floor it is."""


def floor_of(samples: Iterable[RequestSample], written_ns: Mapping[str, Sequence[int]]) -> dict[str, Floor]:
    """The floor of each metric, of requests to a server that wrote down its times.

    written_ns: by request id, when each text event was handed to the kernel, on the clock of the samples. What is
    compared is the arrival that the client reports with the write: the way over the loopback is in it.
    """
    pairs = [
        (sample.events_ns, tuple(written))
        for sample in samples
        if sample.ok and len(written := written_ns.get(sample.request_id or "", ())) == len(sample.events_ns)
    ]
    errors = {
        "ttft_ms": [abs(seen[0] - written[0]) / 1e6 for seen, written in pairs],
        "itl_ms": [error for seen, written in pairs for error in _gap_errors_ms(seen, written)],
        "tpot_ms": [
            abs((seen[-1] - seen[0]) - (written[-1] - written[0])) / 1e6 / (len(seen) - 1)
            for seen, written in pairs
            if len(seen) > 1
        ],
    }
    return {
        name: Floor(p50=estimate_quantile(values, 0.5), p99=estimate_quantile(values, 0.99))
        for name, values in errors.items()
    }


def _gap_errors_ms(seen: Sequence[int], written: Sequence[int]) -> list[float]:
    return [
        abs((seen[place + 1] - seen[place]) - (written[place + 1] - written[place])) / 1e6
        for place in range(len(seen) - 1)
    ]


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
    if floor.low is None or floor.low <= FLOOR_TOLERANCE * estimate.value:
        return []
    return [
        f"the client itself is off by up to {floor.value:.3g} ms ({which} of its {name} in calibration), more than "
        f"{FLOOR_TOLERANCE:.0%} of the figure"
    ]
