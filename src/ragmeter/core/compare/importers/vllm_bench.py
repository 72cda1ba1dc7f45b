"""``vllm bench serve`` and its ancestor ``benchmark_serving.py``: one JSON object with the figures of a run, in ms."""

from datetime import datetime
from typing import Any

from ragmeter.core.compare.importers.offered import OfferedLoad, positive, whole
from ragmeter.core.compare.importers.reading import Definition, Document, Importer, Reading, known

_LATENCIES = {"ttft": "ttft_ms", "tpot": "tpot_ms", "e2el": "e2e_ms"}
_STATISTICS = {"median": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "mean": "mean"}


def _recognises(document: Document) -> bool:
    return {"completed", "num_prompts", "total_output_tokens", "output_throughput"} <= document.keys()


def _read(document: Document) -> Reading:
    """Latencies that were not among its ``--percentile-metrics`` are missing."""
    completed, prompts = int(document["completed"]), int(document["num_prompts"])
    failed = int(document["failed"]) if document.get("failed") is not None else prompts - completed
    latencies = {
        f"{ours}({metric})": document.get(f"{theirs}_{name}_ms")
        for name, metric in _LATENCIES.items()
        for theirs, ours in _STATISTICS.items()
    }
    rates = {"output_tokens_per_s": document["output_throughput"], "requests_per_s": document.get("request_throughput")}
    model = document.get("model_id")
    return Reading(
        started_at=_local(document.get("date")),
        requests=completed + failed,
        errors=failed,
        figures=known({**latencies, **rates}),
        mean_output_tokens=positive(int(document["total_output_tokens"]) / completed) if completed else None,
        load=load_of(document, prompts, completed),
        identity={} if model is None else {"model_id": model},
    )


def load_of(document: Document, prompts: int | None, completed: int) -> OfferedLoad:
    """As this family of tools writes it: a rate of "inf" is a closed loop, or all requests at once without a limit."""
    rate, limit = positive(document.get("request_rate")), whole(document.get("max_concurrency"))
    asked_for = "request_rate" in document or limit is not None
    burstiness = positive(document.get("burstiness")) or 1.0
    if rate is not None:
        shape: str | None = "Poisson" if burstiness == 1.0 else f"gamma ({burstiness:g})"
    else:
        shape = ("closed" if limit else "burst") if asked_for else None
    inputs = positive(document.get("total_input_tokens"))
    return OfferedLoad(
        shape=shape,
        rate_per_s=rate,
        concurrency=prompts if shape == "burst" else limit,
        input_tokens=inputs / completed if inputs is not None and completed else None,
        duration_s=positive(document.get("duration")),
    )


def _local(date: Any) -> str | None:
    """When it ended or began (versions differ), by a clock whose zone is not written down."""
    try:
        return datetime.strptime(str(date), "%Y%m%d-%H%M%S").isoformat()  # noqa: DTZ007 - the file has no zone
    except ValueError:
        return None


VLLM_BENCH = Importer(
    tool="vllm-bench",
    file="the JSON of `vllm bench serve --save-result`, also with appended results, or `summary.json` of its sweep",
    recognises=_recognises,
    read=_read,
    definitions=(
        Definition(
            versions="all; also `benchmark_serving.py`",
            told_by="no version is written",
            ttft="holds the set-up of the connection; some versions stop at a chunk without text",
            tpot="to the last chunk, / (N - 1); the server's N, else a tokenizer's",
            e2e="to the last chunk; only if it is among the percentile metrics",
            throughput="the same",
            notes=(
                "its TTFT holds the set-up of the connection, and versions that stamp a chunk without text stop it too "
                "early (vllm issues 3759 and 15106)",
                "its latency ends with the last chunk and not with the stream",
                "its tokens are the server's where it sends usage, else counted again by a tokenizer",
            ),
        ),
    ),
)
