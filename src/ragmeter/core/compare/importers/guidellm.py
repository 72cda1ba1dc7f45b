"""guidellm's JSON report: benchmarks, each with distributions by the status of requests."""

from typing import Any

from ragmeter.core.compare.importers.reading import Document, Importer, Reading, known

_PERCENTILES = ("p50", "p90", "p95", "p99")
_LATENCIES = (
    ("ttft_ms", "time_to_first_token_ms", 1.0),
    ("ttft_ms", "time_to_first_output_token_ms", 1.0),
    ("tpot_ms", "inter_token_latency_ms", 1.0),
    ("e2e_ms", "request_latency", 1000.0),
)
"""Ours, theirs, and the factor from their unit: its request latency is in seconds. The later of two wins where it is
known: the first token that is no reasoning.
"""


def _recognises(document: Document) -> bool:
    benchmarks = document.get("benchmarks")
    first = benchmarks[0] if isinstance(benchmarks, list) and benchmarks else None
    return isinstance(first, dict) and "request_totals" in first.get("metrics", {})


def _read(document: Document) -> Reading:
    benchmarks = document["benchmarks"]
    if len(benchmarks) != 1:
        raise ValueError(f"holds {len(benchmarks)} benchmarks, and a trial is one: run it with a single rate")
    metrics = benchmarks[0]["metrics"]
    totals = metrics["request_totals"]
    figures: dict[str, float] = {}
    for ours, theirs, factor in _LATENCIES:
        if metrics.get(theirs):
            figures |= _percentiles(metrics[theirs]["successful"], ours, factor)
    return Reading(
        started_at=None,
        requests=int(totals["successful"]) + int(totals["errored"]),
        errors=int(totals["errored"]),
        figures=figures,
        mean_output_tokens=metrics["output_token_count"]["successful"]["mean"],
    )


def _percentiles(at: dict[str, Any], metric: str, factor: float) -> dict[str, float]:
    found = known({f"{name}({metric})": at["percentiles"].get(name) for name in _PERCENTILES})
    return {name: value * factor for name, value in found.items()}


GUIDELLM = Importer(
    tool="guidellm",
    recognises=_recognises,
    read=_read,
    notes=(
        "its time_per_output_token holds the TTFT and is not taken over; our TPOT is its inter_token_latency, whose "
        "percentiles weigh a request by its tokens",
        "its TTFT is that of the first text that is no reasoning; versions that do not distinguish them take any text",
        "requests that its time limit ended count on neither side; its throughput is a distribution over time and not "
        "taken over",
    ),
)
