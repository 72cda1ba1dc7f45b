"""guidellm's JSON report: benchmarks, each with distributions by the status of requests."""

from collections.abc import Sequence
from typing import Any

from ragmeter.core.compare.importers.offered import OfferedLoad, positive, whole
from ragmeter.core.compare.importers.reading import Definition, Document, Importer, Reading, epoch, known, section

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
BEFORE_0_4, SINCE_0_4 = 0, 1


def _recognises(document: Document) -> bool:
    benchmarks = document.get("benchmarks")
    first = benchmarks[0] if isinstance(benchmarks, list) and benchmarks else None
    return isinstance(first, dict) and "request_latency" in section(first, "metrics")


def _parts(document: Document) -> Sequence[Document]:
    return [{**document, "benchmarks": [each]} for each in document["benchmarks"]]


def _read(document: Document) -> Reading:
    (benchmark,) = document["benchmarks"]
    metrics, old = benchmark["metrics"], "request_totals" in benchmark
    totals = benchmark["request_totals"] if old else metrics["request_totals"]
    figures: dict[str, float] = {}
    notes = []
    for ours, theirs, factor in _LATENCIES:
        found = section(metrics, theirs).get("successful")
        if found and _holds_none(found):
            notes.append(f"its {theirs} holds zeros, which mean that a request had none: it is not taken over")
        elif found:
            figures |= _statistics(found, ours, factor)
    return Reading(
        started_at=epoch(benchmark.get("start_time")),
        requests=int(totals["successful"]) + int(totals["errored"]),
        errors=int(totals["errored"]),
        figures=figures,
        mean_output_tokens=_mean(metrics, "output_token_count"),
        load=_load(benchmark, _mean(metrics, "prompt_token_count")),
        tool_version=section(document, "metadata").get("guidellm_version"),
        definition=BEFORE_0_4 if old else SINCE_0_4,
        identity=_model(benchmark),
        notes=tuple(notes),
    )


def _holds_none(found: Document) -> bool:
    """guidellm writes 0.0 for a request without such a token: an answer of reasoning alone, a single token."""
    at = [found.get("min"), *(section(found, "percentiles").values())]
    return any(value is not None and value <= 0 for value in at)


def _statistics(found: Document, metric: str, factor: float) -> dict[str, float]:
    named = {f"{name}({metric})": section(found, "percentiles").get(name) for name in _PERCENTILES}
    return known({**named, f"mean({metric})": found.get("mean")}, factor)


def _mean(metrics: Document, name: str) -> float | None:
    return positive((section(metrics, name).get("successful") or {}).get("mean"))


def _load(benchmark: Document, input_tokens: float | None) -> OfferedLoad:
    strategy = section(benchmark, "config").get("strategy") or section(benchmark, "args").get("strategy") or {}
    kind, users = strategy.get("type_"), whole(strategy.get("streams"))
    shapes = {"concurrent": "closed", "synchronous": "closed", "throughput": "burst", "poisson": "Poisson"}
    shape = shapes.get(str(kind), kind)
    rate = positive(strategy.get("rate"))
    closed = 1 if kind == "synchronous" else users
    return OfferedLoad(
        shape=shape,
        rate_per_s=rate,
        concurrency=closed
        if shape == "closed"
        else whole(strategy.get("max_concurrency"))
        if shape == "burst"
        else None,
        input_tokens=input_tokens,
        duration_s=positive(benchmark.get("duration")),
    )


def _model(benchmark: Document) -> dict[str, Any]:
    new, old = section(section(benchmark, "config"), "backend"), section(benchmark, "worker")
    model = new.get("model") or old.get("backend_model")
    return {"model_id": model} if isinstance(model, str) else {}


_ITL = (
    "its time_per_output_token holds the TTFT and is not taken over; our TPOT is its inter_token_latency, whose "
    "percentiles weigh a request by its tokens"
)
_ENDED = (
    "requests that its time limit ended count on neither side; its throughput is a distribution over time and not "
    "taken over"
)
GUIDELLM = Importer(
    tool="guidellm",
    file="its JSON report; of several rates, `--step` or `--rate` chooses",
    recognises=_recognises,
    parts=_parts,
    read=_read,
    definitions=(
        Definition(
            versions="0.2 and 0.3",
            told_by="`request_totals` beside `metrics`",
            ttft="any first text, also of reasoning",
            tpot="its inter_token_latency: weighs a request by its tokens",
            e2e="the same",
            throughput="",
            left_out="time_per_output_token: holds the TTFT; throughput: a distribution over time",
            notes=(_ITL, "its TTFT is that of any first text, also of reasoning", _ENDED),
        ),
        Definition(
            versions="0.4 on",
            told_by="`request_totals` among `metrics`; `guidellm_version` where it is written",
            ttft="the same; versions without `time_to_first_output_token_ms` stop at reasoning text",
            tpot="its inter_token_latency: weighs a request by its tokens",
            e2e="the same",
            throughput="",
            left_out="time_per_output_token: holds the TTFT; throughput: a distribution over time",
            notes=(
                _ITL,
                "its TTFT is that of the first text that is no reasoning; versions that do not distinguish them take "
                "any text",
                _ENDED,
            ),
        ),
    ),
)
