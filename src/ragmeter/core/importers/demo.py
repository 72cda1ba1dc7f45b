"""The RAG demo on Ray Serve and vLLM whose results have the names that ours begin with."""

from typing import Any

from ragmeter.core.identity import COULD_EXPLAIN, MUST_MATCH
from ragmeter.core.importers.reading import Document, Importer, Reading, known

_NAMES = {
    "p50(ttft_ms)": "ttft_p50_ms",
    "p95(ttft_ms)": "ttft_p95_ms",
    "p50(e2e_ms)": "latency_p50_ms",
    "p95(e2e_ms)": "latency_p95_ms",
    "p50(tpot_ms)": "tpot_p50_ms",
    "p95(tpot_ms)": "tpot_p95_ms",
    "mean(e2e_tokens_per_s)": "avg_tokens_per_sec",
}


def _recognises(document: Document) -> bool:
    """Ours begin with the same names and say what they are."""
    return "schema" not in document and {"ttft_p50_ms", "latency_p50_ms", "success", "requests"} <= document.keys()


def _read(document: Document) -> Reading:
    metadata: dict[str, Any] = dict(document.get("run_metadata") or {})
    return Reading(
        started_at=metadata.get("timestamp"),
        requests=int(document["requests"]),
        errors=int(document["requests"]) - int(document["success"]),
        figures=known({ours: document.get(theirs) for ours, theirs in _NAMES.items()}),
        mean_output_tokens=document.get("avg_output_tokens"),
        identity={field: metadata[field] for field in (*MUST_MATCH, *COULD_EXPLAIN) if metadata.get(field) is not None},
    )


DEMO = Importer(
    tool="rag-demo",
    recognises=_recognises,
    read=_read,
    notes=(
        "its duration holds the warm-up, so throughput and cost are not taken over",
        "its latencies are of successes, and how a token was counted is not written down",
    ),
)
