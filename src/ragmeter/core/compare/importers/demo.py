"""The RAG demo on Ray Serve and vLLM whose results have the names that ours begin with."""

from dataclasses import fields
from typing import Any, Literal

from ragmeter.core.compare.importers.offered import OfferedLoad, positive, whole
from ragmeter.core.compare.importers.reading import Definition, Document, Importer, Reading, known
from ragmeter.core.figures.summary import PhaseFigures
from ragmeter.core.money.documented import Documented
from ragmeter.core.run.identity import COULD_EXPLAIN, MUST_MATCH
from ragmeter.core.stats.estimate import Estimate, estimate_exact

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
    identity = {field: metadata[field] for field in (*MUST_MATCH, *COULD_EXPLAIN) if metadata.get(field) is not None}
    users = whole(document.get("concurrency"))
    return Reading(
        started_at=metadata.get("timestamp"),
        requests=int(document["requests"]),
        errors=int(document["requests"]) - int(document["success"]),
        figures=known({ours: document.get(theirs) for ours, theirs in _NAMES.items()}),
        mean_output_tokens=positive(document.get("avg_output_tokens")),
        load=OfferedLoad(
            shape="closed" if users else None, concurrency=users, streaming=True, max_output_tokens=_limit(document)
        ),
        provider=metadata.get("provider"),
        identity=identity,
    )


def _limit(document: Document) -> int | Literal["no limit"] | None:
    if "max_output_tokens" not in document:
        return None
    return whole(document["max_output_tokens"]) or "no limit"


def documented_demo(document: Document) -> Documented:
    """What its result says of cost: every success is a good request. Raises as `Importer.read` does."""
    requests, success, tokens = int(document["requests"]), int(document["success"]), document.get("total_tokens")
    lasted_s = float(document["duration_seconds"])
    figures: dict[str, Any] = {name: document.get(name) for name in (field.name for field in fields(PhaseFigures))}
    counted = {"requests": requests, "success": success, "errors": requests - success, "duration_seconds": lasted_s}
    rates = {"goodput_rps": success, "requests_per_s": success, "sent_requests_per_s": requests}
    speeds = {"output_tokens_per_s": tokens, "good_tokens_per_s": tokens}
    return Documented(
        phase=PhaseFigures(**{**figures, **counted}),
        rates={name: _per_second(count, lasted_s, success) for name, count in {**rates, **speeds}.items()},
        trials=1,
        good=success,
        good_tokens=tokens,
    )


def _per_second(count: int | None, lasted_s: float, n: int) -> Estimate:
    return estimate_exact(count / lasted_s if count and lasted_s else None, n)


DEMO = Importer(
    tool="rag-demo",
    file="its result JSON",
    recognises=_recognises,
    read=_read,
    definitions=(
        Definition(
            versions="all",
            told_by="no version is written",
            ttft="`ttft_*_ms`; not documented further",
            tpot="`tpot_*_ms`; token count not documented",
            e2e="`latency_*_ms`",
            throughput="",
            left_out="throughput and cost: the duration holds the warm-up",
            notes=(
                "its duration holds the warm-up, so throughput and cost are not taken over",
                "its latencies are of successes, and how a token was counted is not written down",
            ),
        ),
    ),
)
