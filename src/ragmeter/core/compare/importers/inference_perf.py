"""inference-perf's ``summary_lifecycle_metrics.json`` or that of one stage: times in seconds."""

from ragmeter.core.compare.importers.offered import OfferedLoad, positive, whole
from ragmeter.core.compare.importers.reading import Definition, Document, Importer, Reading, known, section

_LATENCIES = {"ttft_ms": "time_to_first_token", "tpot_ms": "time_per_output_token", "e2e_ms": "request_latency"}
_STATISTICS = {"p50": "median", "p90": "p90", "p95": "p95", "p99": "p99", "mean": "mean"}


def _recognises(document: Document) -> bool:
    successes = document.get("successes")
    return isinstance(successes, dict) and "latency" in successes and "failures" in document


def _read(document: Document) -> Reading:
    successes, failed = document["successes"], int(document["failures"]["count"])
    latency, throughput = section(successes, "latency"), section(successes, "throughput")
    seconds = {
        f"{ours}({metric})": (latency.get(name) or {}).get(theirs)
        for metric, name in _LATENCIES.items()
        for ours, theirs in _STATISTICS.items()
    }
    rates = {
        "output_tokens_per_s": throughput.get("output_tokens_per_sec"),
        "requests_per_s": throughput.get("requests_per_sec"),
    }
    return Reading(
        started_at=None,
        requests=int(successes["count"]) + failed,
        errors=failed,
        figures=known(seconds, 1000) | known(rates),
        mean_output_tokens=positive(section(successes, "output_len").get("mean")),
        load=_load(section(document, "load_summary"), positive(section(successes, "prompt_len").get("mean"))),
    )


def _load(asked: Document, input_tokens: float | None) -> OfferedLoad:
    """Of one stage; the summary of all stages says neither rate nor concurrency."""
    rate, users = positive(asked.get("requested_rate")), whole(asked.get("concurrency"))
    return OfferedLoad(
        shape="closed" if users else "open" if rate else None,
        rate_per_s=None if users else rate,
        concurrency=users,
        input_tokens=input_tokens,
    )


_NO_WARM_UP = "it has no warm-up: every request is measured, the first ones too"
INFERENCE_PERF = Importer(
    tool="inference-perf",
    file="`stage_*_lifecycle_metrics.json`, or `summary_lifecycle_metrics.json` of a run with one stage",
    recognises=_recognises,
    read=_read,
    definitions=(
        Definition(
            versions="0.1 to 0.4, and 0.5 on",
            told_by="no version is written: 0.1 to 0.4 divide by stream chunks, so their TPOT does not add up and is "
            "left out",
            ttft="the same",
            tpot="of 0.5 on: to the last text, / (N - 1); N by its own tokenizer unless told otherwise",
            e2e="the same",
            throughput="the same, without a warm-up",
            left_out="normalized time per output token; TPOT before 0.5",
            notes=(
                _NO_WARM_UP,
                "its TPOT divides by tokens that its own tokenizer counted unless it was told to take the server's",
            ),
        ),
    ),
)
