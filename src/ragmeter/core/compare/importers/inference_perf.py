"""inference-perf's ``summary_lifecycle_metrics.json`` or that of one stage: times in seconds."""

from ragmeter.core.compare.importers.reading import Document, Importer, Reading, known

_LATENCIES = {"ttft_ms": "time_to_first_token", "tpot_ms": "time_per_output_token", "e2e_ms": "request_latency"}
_STATISTICS = {"p50": "median", "p90": "p90", "p95": "p95", "p99": "p99", "mean": "mean"}


def _recognises(document: Document) -> bool:
    successes = document.get("successes")
    return isinstance(successes, dict) and "latency" in successes and "failures" in document


def _read(document: Document) -> Reading:
    successes, failed = document["successes"], int(document["failures"]["count"])
    latency, throughput = successes["latency"], successes["throughput"]
    seconds = known(
        {
            f"{ours}({metric})": (latency.get(name) or {}).get(theirs)
            for metric, name in _LATENCIES.items()
            for ours, theirs in _STATISTICS.items()
        }
    )
    rates = {
        "output_tokens_per_s": throughput.get("output_tokens_per_sec"),
        "requests_per_s": throughput.get("requests_per_sec"),
    }
    return Reading(
        started_at=None,
        requests=int(successes["count"]) + failed,
        errors=failed,
        figures={name: value * 1000 for name, value in seconds.items()} | known(rates),
        mean_output_tokens=(successes.get("output_len") or {}).get("mean"),
    )


INFERENCE_PERF = Importer(
    tool="inference-perf",
    recognises=_recognises,
    read=_read,
    notes=(
        "it has no warm-up: every request is measured, the first ones too",
        "its TPOT ends with the request and not with the last token, and divides by tokens that its own tokenizer "
        "counted unless it was told to take the server's",
    ),
)
