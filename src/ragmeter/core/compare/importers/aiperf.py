"""AIPerf's ``profile_export_aiperf.json``: a block with a unit for each metric."""

from typing import Any

from ragmeter.core.compare.importers.reading import Document, Importer, Reading, known

_LATENCIES = {"ttft_ms": "time_to_first_output_token", "tpot_ms": "inter_token_latency", "e2e_ms": "request_latency"}
_STATISTICS = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "mean": "avg"}
_RATES = {
    "output_tokens_per_s": ("output_token_throughput", "tokens/sec"),
    "requests_per_s": ("request_throughput", "requests/sec"),
}


def _recognises(document: Document) -> bool:
    return "aiperf_version" in document and "request_latency" in document


def _read(document: Document) -> Reading:
    if document.get("was_cancelled"):
        raise ValueError("the run was cancelled: it is no trial")
    figures: dict[str, Any] = {}
    for metric, name in _LATENCIES.items():
        block = _block(document, name, "ms")
        if metric == "ttft_ms" and not block:
            block = _block(document, "time_to_first_token", "ms")
        figures |= {f"{ours}({metric})": block.get(theirs) for ours, theirs in _STATISTICS.items()}
    figures |= {ours: _block(document, name, unit).get("avg") for ours, (name, unit) in _RATES.items()}
    started = document.get("start_time")
    successes = int(document["request_count"]["avg"])
    failed = int(document.get("error_request_count", {}).get("avg", 0))
    return Reading(
        started_at=f"{started}+00:00" if started and "+" not in started else started,
        requests=successes + failed,
        errors=failed,
        figures=known(figures),
        mean_output_tokens=document.get("output_sequence_length", {}).get("avg"),
    )


def _block(document: Document, name: str, unit: str) -> dict[str, Any]:
    """Empty for what was not measured. Its unit is what the value means, so no other is guessed at."""
    block: dict[str, Any] = document.get(name, {})
    if block and block["unit"].lower() != unit:
        raise ValueError(f"{name} is in {block['unit']!r}, not in {unit!r}")
    return block


AIPERF = Importer(
    tool="aiperf",
    recognises=_recognises,
    read=_read,
    notes=(
        "its TTFT is that of the first text that is no reasoning; versions that do not distinguish them take any text",
        "our TPOT is its inter_token_latency: until the end of the request, divided by tokens that its own tokenizer "
        "counted unless it was told to take the server's",
    ),
)
