"""How far the client itself is off, against a server whose times are known, and what that means for a figure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ragmeter.core.requests.records import RequestSample
from ragmeter.core.stats.estimate import Estimate, estimate_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """How far a metric of one request is off by the client alone, in ms: |reported - true|."""

    p50: Estimate
    p99: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the client made of a server on its own machine whose times are known, at the load of the run.

    requests, concurrency, rate_per_s, events_per_s: the load. floors: by metric, ``ttft_ms``, ``itl_ms``, ``tpot_ms``.
    client_cpu_ratio: as in `Harness`.
    """

    requests: int
    concurrency: int | None
    rate_per_s: float | None
    events_per_s: float
    floors: dict[str, Floor]
    client_cpu_ratio: float | None


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
