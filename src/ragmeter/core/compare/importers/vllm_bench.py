"""``vllm bench serve --save-result``: one JSON object with the figures of a run, in ms."""

from ragmeter.core.compare.importers.reading import Document, Importer, Reading, known

_LATENCIES = {"ttft": "ttft_ms", "tpot": "tpot_ms", "e2el": "e2e_ms"}
_STATISTICS = {"median": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "mean": "mean"}


def _recognises(document: Document) -> bool:
    return {"completed", "total_output_tokens", "output_throughput"} <= document.keys()


def _read(document: Document) -> Reading:
    """Latencies that were not among its ``--percentile-metrics`` are missing."""
    completed = int(document["completed"])
    failed = document["failed"] if "failed" in document else int(document["num_prompts"]) - completed
    latencies = {
        f"{ours}({metric})": document.get(f"{theirs}_{name}_ms")
        for name, metric in _LATENCIES.items()
        for theirs, ours in _STATISTICS.items()
    }
    rates = {"output_tokens_per_s": document["output_throughput"], "requests_per_s": document.get("request_throughput")}
    model = document.get("model_id")
    return Reading(
        started_at=None,
        requests=completed + int(failed),
        errors=int(failed),
        figures=known({**latencies, **rates}),
        mean_output_tokens=document["total_output_tokens"] / completed if completed else None,
        identity={} if model is None else {"model_id": model},
    )


VLLM_BENCH = Importer(
    tool="vllm-bench",
    recognises=_recognises,
    read=_read,
    notes=(
        "its TTFT holds the set-up of the connection, and versions that stamp a chunk without text stop it too early "
        "(vllm issues 3759 and 15106)",
        "its latency ends with the last chunk and not with the stream",
        "its tokens are the server's where it sends usage, else counted again by a tokenizer",
    ),
)
