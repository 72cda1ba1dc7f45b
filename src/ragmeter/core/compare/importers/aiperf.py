"""AIPerf's ``profile_export_aiperf.json`` and that of its ancestor genai-perf: a block with a unit for each metric."""

from typing import Any

from ragmeter.core.compare.importers.offered import OfferedLoad, positive, whole
from ragmeter.core.compare.importers.reading import Definition, Document, Importer, Reading, known, section

_LATENCIES = {"ttft_ms": "time_to_first_output_token", "tpot_ms": "inter_token_latency", "e2e_ms": "request_latency"}
_STATISTICS = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "mean": "avg"}
_RATES = {
    "output_tokens_per_s": ("output_token_throughput", "tokens/sec"),
    "requests_per_s": ("request_throughput", "requests/sec"),
}
WITHOUT_VERSION, WITH_VERSION = 0, 1


def _recognises(document: Document) -> bool:
    """genai-perf and AIPerf before 0.4 write no version; the blocks and their units are the same."""
    return all("unit" in section(document, name) for name in ("request_latency", "request_throughput"))


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
    failed = int(section(document, "error_request_count").get("avg") or 0)
    counted = section(document, "request_count").get("avg") or section(document, "request_latency").get("count")
    if counted is None:
        raise KeyError("request_count")
    return Reading(
        started_at=document.get("start_time"),
        requests=int(counted) + failed,
        errors=failed,
        figures=known(figures),
        mean_output_tokens=positive(section(document, "output_sequence_length").get("avg")),
        load=_load(document),
        tool_version=document.get("aiperf_version"),
        definition=WITH_VERSION if "aiperf_version" in document else WITHOUT_VERSION,
        identity=_model(section(document, "input_config")),
    )


def _load(document: Document) -> OfferedLoad:
    """Of the phase that was measured, as new versions name it, or of the one load that old versions have."""
    asked = section(document, "input_config")
    phases = [each for each in asked.get("phases") or () if isinstance(each, dict)]
    measured = [each for each in phases if each.get("name") != "warmup"]
    at = measured[-1] if measured else {**section(asked, "loadgen"), **section(asked, "perf_analyzer")}
    stimulus = section(at, "stimulus")
    rate = positive(at.get("request_rate") or at.get("rate") or stimulus.get("request_rate"))
    users = whole(at.get("concurrency") or stimulus.get("concurrency"))
    arrivals = at.get("request_rate_mode") or at.get("arrival_pattern") or "open"
    shape = {"poisson": "Poisson"}.get(str(arrivals), str(arrivals)) if rate else "closed" if users else None
    return OfferedLoad(
        shape=shape,
        rate_per_s=rate,
        concurrency=users,
        input_tokens=positive(section(document, "input_sequence_length").get("avg")),
        streaming=section(asked, "endpoint").get("streaming"),
        duration_s=positive(_block(document, "benchmark_duration", "sec").get("avg")),
    )


def _model(asked: Document) -> dict[str, Any]:
    items = section(asked, "models").get("items")
    names = section(asked, "endpoint").get("model_names") or asked.get("model_names") or asked.get("model")
    first = items[0].get("name") if items else names[0] if isinstance(names, list) and names else names
    return {"model_id": first} if isinstance(first, str) else {}


def _block(document: Document, name: str, unit: str) -> dict[str, Any]:
    """Empty for what was not measured. Its unit is what the value means, so no other is guessed at."""
    block: dict[str, Any] = document.get(name) or {}
    if block and block["unit"].lower() != unit:
        raise ValueError(f"{name} is in {block['unit']!r}, not in {unit!r}")
    return block


_TPOT = (
    "our TPOT is its inter_token_latency: until the end of the request, divided by tokens that its own tokenizer "
    "counted unless it was told to take the server's"
)
AIPERF = Importer(
    tool="aiperf",
    file="`profile_export_aiperf.json`; `profile_export_genai_perf.json`",
    recognises=_recognises,
    read=_read,
    definitions=(
        Definition(
            versions="genai-perf, and AIPerf 0.1 to 0.3",
            told_by="no `aiperf_version`",
            ttft="any first text, also of reasoning",
            tpot="its inter_token_latency: to the end of the request, / (N - 1), N by its own tokenizer",
            e2e="the same",
            throughput="the same",
            notes=("its TTFT is that of any first text, also of reasoning", _TPOT),
        ),
        Definition(
            versions="AIPerf 0.4 on",
            told_by="`aiperf_version`",
            ttft="the same; old versions may stop at reasoning text",
            tpot="its inter_token_latency: to the end of the request, / (N - 1), N by its own tokenizer unless told "
            "otherwise",
            e2e="the same",
            throughput="the same",
            notes=(
                "its TTFT is that of the first text that is no reasoning; versions that do not distinguish them take "
                "any text",
                _TPOT,
            ),
        ),
    ),
)
