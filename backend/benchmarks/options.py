"""A request for a benchmark as options of the suite. Pure."""

from __future__ import annotations

from ..bodies.benchmark import BenchmarkRequest


def environment(request: BenchmarkRequest, *, provider: str, workload: str, target_url: str) -> dict[str, str]:
    """Options of the suite by the names of their environment variables. `provider`, `workload`: names or paths."""
    values = {
        "RAGMETER_PROVIDER": provider,
        "RAGMETER_BASE_URL": target_url,
        "RAGMETER_WORKLOAD": workload,
        "RAGMETER_REQUESTS": request.requests,
        "RAGMETER_CONCURRENCY": request.concurrency,
        "RAGMETER_WARMUP": request.warmup_requests,
        "RAGMETER_TIMEOUT": request.timeout,
        "RAGMETER_MAX_OUTPUT_TOKENS": request.max_output_tokens,
        "RAGMETER_K": request.k,
        "RAGMETER_DOCSET": request.docset,
        "RAGMETER_TRIALS": request.trials,
        "RAGMETER_SHARDS": request.parallelism,
        "RAGMETER_SHOW_ERRORS": request.show_errors,
    }
    return {name: str(value) for name, value in values.items() if value is not None}
