"""``sglang.bench_serving --output-file``: a line of JSON for each run, with the names of vLLM's tool and others."""

from ragmeter.core.compare.importers.offered import positive
from ragmeter.core.compare.importers.reading import Definition, Document, Importer, Reading, known, section
from ragmeter.core.compare.importers.vllm_bench import load_of

_LATENCIES = {"ttft": "ttft_ms", "tpot": "tpot_ms", "e2e_latency": "e2e_ms"}
_STATISTICS = {"median": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "mean": "mean"}


def _recognises(document: Document) -> bool:
    """By its own name of the end-to-end latency; vLLM's tool writes the number of prompts, and this one does not."""
    return {"completed", "output_throughput", "mean_e2e_latency_ms"} <= document.keys() and (
        "num_prompts" not in document
    )


def _read(document: Document) -> Reading:
    """The number of prompts is not among its figures; it stands in the arguments where those are written."""
    completed = int(document["completed"])
    asked = section(document, "args").get("num_prompts") or len(document.get("errors") or ()) or None
    sent = max(completed, int(asked)) if asked is not None else completed
    latencies = {
        f"{ours}({metric})": document.get(f"{theirs}_{name}_ms")
        for name, metric in _LATENCIES.items()
        for theirs, ours in _STATISTICS.items()
    }
    rates = {"output_tokens_per_s": document["output_throughput"], "requests_per_s": document.get("request_throughput")}
    server = section(document, "server_info")
    model = document.get("model_id") or server.get("model_path")
    tokens = positive(document.get("total_output_tokens"))
    return Reading(
        started_at=None,
        requests=sent,
        errors=sent - completed,
        figures=known({**latencies, **rates}),
        mean_output_tokens=tokens / completed if tokens is not None and completed else None,
        load=load_of(document, asked, completed),
        tool_version=server.get("version"),
        identity={} if model is None else {"model_id": model},
        notes=() if asked is not None else ("it does not say how many of its requests failed",),
    )


SGLANG = Importer(
    tool="sglang-bench",
    file="the JSON lines of `sglang.bench_serving`, a line a run",
    recognises=_recognises,
    read=_read,
    definitions=(
        Definition(
            versions="all",
            told_by="the server's version, where `server_info` has it",
            ttft="the same; of a warm connection pool",
            tpot="to the last chunk, / (N - 1); N is what was asked for or the server's",
            e2e="to the last chunk",
            throughput="the same; of N as its tokenizer counts where `total_output_tokens_retokenized` is another",
            left_out="inter-token latency: of chunks",
            notes=(
                "its latency ends with the last chunk and not with the stream",
                "its tokens are those that were asked for or that the server counted",
            ),
        ),
    ),
)
