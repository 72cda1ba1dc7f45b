"""llmperf's ``*_summary.json``: flat names, in seconds."""

from ragmeter.core.compare.importers.offered import OfferedLoad, positive, whole
from ragmeter.core.compare.importers.reading import Definition, Document, Importer, Reading, epoch, known

_LATENCIES = {"ttft_ms": "ttft_s", "e2e_ms": "end_to_end_latency_s"}
_STATISTICS = {
    "p50": "quantiles_p50",
    "p90": "quantiles_p90",
    "p95": "quantiles_p95",
    "p99": "quantiles_p99",
    "mean": "mean",
}


def _recognises(document: Document) -> bool:
    return {"results_ttft_s_mean", "results_num_completed_requests"} <= document.keys()


def _read(document: Document) -> Reading:
    completed, failed = (int(document[f"results_{name}"]) for name in ("num_completed_requests", "number_errors"))
    seconds = {
        f"{ours}({metric})": document.get(f"results_{name}_{theirs}")
        for metric, name in _LATENCIES.items()
        for ours, theirs in _STATISTICS.items()
    }
    per_minute = positive(document.get("results_num_completed_requests_per_min"))
    rates = {
        "output_tokens_per_s": document.get("results_mean_output_throughput_token_per_s"),
        "requests_per_s": per_minute / 60 if per_minute is not None else None,
    }
    model = document.get("model")
    users = whole(document.get("num_concurrent_requests"))
    return Reading(
        started_at=epoch(document.get("timestamp")),
        requests=completed + failed,
        errors=failed,
        figures=known(seconds, 1000) | known(rates),
        mean_output_tokens=positive(document.get("results_number_output_tokens_mean")),
        load=OfferedLoad(
            shape="closed" if users else None,
            concurrency=users,
            input_tokens=positive(document.get("results_number_input_tokens_mean")),
            streaming=True,
        ),
        identity={} if model is None else {"model_id": model},
    )


LLMPERF = Importer(
    tool="llmperf",
    file="`*_summary.json`",
    recognises=_recognises,
    read=_read,
    definitions=(
        Definition(
            versions="all",
            told_by="its version 2023-08-31 is the only one",
            ttft="the same",
            tpot="",
            e2e="to the end of the stream",
            throughput="tokens of a Llama tokenizer, whatever the model / elapsed time",
            left_out="inter-token latency: latency / N, which holds the TTFT",
            notes=(
                "its inter-token latency holds the TTFT and is not taken over",
                "its tokens are counted by one Llama tokenizer, whatever the model",
            ),
        ),
    ),
)
