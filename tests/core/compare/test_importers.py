"""Results of other tools: recorded ones of guidellm and AIPerf, and documents built from the published schemas."""

import json
from pathlib import Path
from typing import Any

import pytest

from ragmeter.core.compare.importers.known import IMPORTERS, importer_of
from ragmeter.core.compare.importers.reading import Reading
from ragmeter.core.requests.figure import parse_figure

FOREIGN = Path(__file__).parent / "foreign"


def distribution(p50: float, p95: float) -> dict[str, Any]:
    """As guidellm writes one of successful requests."""
    of = {"mean": p50, "median": p50, "percentiles": {"p50": p50, "p90": p95, "p95": p95, "p99": p95}}
    return {"successful": of, "errored": {**of, "mean": 0.0}, "incomplete": of, "total": of}


DOCUMENTS: dict[str, dict[str, Any]] = {
    "rag-demo": {
        "requests": 500,
        "success": 488,
        "ttft_p50_ms": 4145.0,
        "ttft_p95_ms": 35157.0,
        "latency_p50_ms": 17060.0,
        "latency_p95_ms": 47641.0,
        "tpot_p50_ms": 54.2,
        "tpot_p95_ms": None,
        "avg_tokens_per_sec": 14.47,
        "duration_seconds": 210.0,
        "run_metadata": {"provider": "aws-eks", "timestamp": "2026-02-22T10:00:00+00:00", "dtype": "float16"},
    },
    "vllm-bench": {
        "date": "20260222-101530",
        "model_id": "Qwen/Qwen3-1.7B",
        "num_prompts": 100,
        "duration": 60.0,
        "completed": 98,
        "failed": 2,
        "total_input_tokens": 20000,
        "total_output_tokens": 25088,
        "request_throughput": 1.63,
        "output_throughput": 418.1,
        "mean_ttft_ms": 130.0,
        "median_ttft_ms": 120.0,
        "p99_ttft_ms": 400.0,
        "mean_tpot_ms": 21.0,
        "median_tpot_ms": 20.0,
        "p99_tpot_ms": 33.0,
    },
    "guidellm": {
        "metadata": {"version": 1},
        "benchmarks": [
            {
                "metrics": {
                    "request_totals": {"successful": 98, "incomplete": 3, "errored": 2, "total": 103},
                    "request_latency": distribution(5.2, 7.1),
                    "output_token_count": distribution(256.0, 256.0),
                    "time_to_first_token_ms": distribution(120.0, 300.0),
                    "time_per_output_token_ms": distribution(20.3, 28.0),
                    "inter_token_latency_ms": distribution(20.0, 27.0),
                }
            }
        ],
    },
    "inference-perf": {
        "load_summary": {"count": 100},
        "successes": {
            "count": 98,
            "latency": {
                "request_latency": {"mean": 5.3, "median": 5.2, "p90": 6.9, "p99": 7.4},
                "time_to_first_token": {"mean": 0.13, "median": 0.12, "p90": 0.28, "p99": 0.4},
                "time_per_output_token": {"mean": 0.021, "median": 0.02, "p90": 0.026, "p99": 0.033},
            },
            "throughput": {"output_tokens_per_sec": 418.1, "requests_per_sec": 1.63},
            "output_len": {"mean": 256.0},
        },
        "failures": {"count": 2},
    },
    "sglang-bench": {
        "backend": "sglang",
        "request_rate": "inf",
        "max_concurrency": 4,
        "args": {"num_prompts": 100},
        "duration": 60.0,
        "completed": 98,
        "total_input_tokens": 20000,
        "total_output_tokens": 25088,
        "request_throughput": 1.63,
        "output_throughput": 418.1,
        "mean_e2e_latency_ms": 5300.0,
        "median_e2e_latency_ms": 5200.0,
        "mean_ttft_ms": 130.0,
        "median_ttft_ms": 120.0,
        "mean_tpot_ms": 21.0,
        "median_tpot_ms": 20.0,
    },
    "llmperf": {
        "version": "2023-08-31",
        "model": "Qwen/Qwen3-1.7B",
        "num_concurrent_requests": 4,
        "results_ttft_s_quantiles_p50": 0.12,
        "results_ttft_s_mean": 0.13,
        "results_end_to_end_latency_s_quantiles_p50": 5.2,
        "results_end_to_end_latency_s_mean": 5.3,
        "results_inter_token_latency_s_quantiles_p50": 0.0207,
        "results_number_input_tokens_mean": 204.0,
        "results_number_output_tokens_mean": 256.0,
        "results_number_errors": 2,
        "results_mean_output_throughput_token_per_s": 418.1,
        "results_num_completed_requests": 98,
        "results_num_completed_requests_per_min": 97.8,
        "timestamp": 1789148187,
    },
    "aiperf": {
        "schema_version": "1.4",
        "aiperf_version": "0.12.0",
        "start_time": "2026-02-22T10:15:30+00:00",
        "was_cancelled": False,
        "request_latency": {"unit": "ms", "avg": 5300.0, "p50": 5200.0, "p90": 6900.0, "p95": 7100.0, "count": 98},
        "time_to_first_token": {"unit": "ms", "avg": 130.0, "p50": 120.0, "p95": 300.0, "count": 98},
        "inter_token_latency": {"unit": "ms", "avg": 21.0, "p50": 20.0, "p95": 27.0, "count": 98},
        "output_token_throughput": {"unit": "tokens/sec", "avg": 418.1},
        "request_throughput": {"unit": "requests/sec", "avg": 1.63},
        "request_count": {"unit": "requests", "avg": 98.0},
        "error_request_count": {"unit": "requests", "avg": 2.0},
        "output_sequence_length": {"unit": "tokens", "avg": 256.0},
    },
}


def read(tool: str, **changed: Any) -> Reading:
    document = {**DOCUMENTS[tool], **changed}
    importer = importer_of(document)
    assert importer is not None
    assert importer.tool == tool
    return importer.read(document)


def test_every_tool_has_a_document_here_and_recognises_its_own_alone() -> None:
    assert {importer.tool for importer in IMPORTERS} == DOCUMENTS.keys()
    for tool, document in DOCUMENTS.items():
        assert [importer.tool for importer in IMPORTERS if importer.recognises(document)] == [tool]


@pytest.mark.parametrize("document", [{}, [], None, "text", {"schema": "benchmark-output.v1", "ttft_p50_ms": 1}])
def test_what_no_tool_wrote_is_recognised_by_none(document: object) -> None:
    assert importer_of(document) is None


@pytest.mark.parametrize("tool", ["vllm-bench", "sglang-bench", "guidellm", "inference-perf", "aiperf", "llmperf"])
def test_the_same_run_has_the_same_figures_in_our_units(tool: str) -> None:
    at = read(tool)
    assert (at.requests, at.errors, at.mean_output_tokens) == (100, 2, 256.0)
    assert at.figures["p50(ttft_ms)"] == pytest.approx(120.0)
    if tool != "llmperf":
        assert at.figures["p50(tpot_ms)"] == pytest.approx(20.0)
    if tool != "vllm-bench":
        assert at.figures["p50(e2e_ms)"] == pytest.approx(5200.0)
    if tool != "guidellm":
        assert at.figures["output_tokens_per_s"] == pytest.approx(418.1)


@pytest.mark.parametrize("tool", DOCUMENTS)
def test_every_figure_is_one_that_compare_knows_and_every_tool_says_how_it_differs(tool: str) -> None:
    for name in read(tool).figures:
        parse_figure(name, tool)
    assert all(each.notes and each.told_by for importer in IMPORTERS for each in importer.definitions)


@pytest.mark.parametrize("name", ["guidellm-0.8.1", "aiperf-0.13.0"])
def test_a_recorded_result_has_the_times_of_the_server_that_was_measured(name: str) -> None:
    """First token after 80 ms, 31 gaps of 10 ms, 40 requests; what the client adds is on top."""
    document = json.loads((FOREIGN / f"{name}.json").read_text(encoding="utf-8"))
    importer = importer_of(document)
    assert importer is not None
    assert importer.tool == name.partition("-")[0]
    at = importer.read(document)
    assert (at.requests, at.errors, at.mean_output_tokens) == (40, 0, 32.0)
    assert 80 <= at.figures["p50(ttft_ms)"] <= 84
    assert at.figures["p50(tpot_ms)"] == pytest.approx(10, abs=0.1)
    assert 390 <= at.figures["p50(e2e_ms)"] <= 396


def test_the_first_token_that_is_no_reasoning_counts_where_it_is_known() -> None:
    later = {"unit": "ms", "p50": 900.0}
    assert read("aiperf", time_to_first_output_token=later).figures["p50(ttft_ms)"] == 900.0
    benchmark = DOCUMENTS["guidellm"]["benchmarks"][0]["metrics"]
    metrics = {**benchmark, "time_to_first_output_token_ms": distribution(900.0, 950.0)}
    assert read("guidellm", benchmarks=[{"metrics": metrics}]).figures["p50(ttft_ms)"] == 900.0


def test_what_is_defined_otherwise_is_left_out() -> None:
    assert "output_tokens_per_s" not in read("rag-demo").figures
    assert "p95(tpot_ms)" not in read("rag-demo").figures
    assert "output_tokens_per_s" not in read("guidellm").figures


def test_failures_that_an_old_version_does_not_count_are_what_is_missing_of_the_prompts() -> None:
    document = {key: value for key, value in DOCUMENTS["vllm-bench"].items() if key != "failed"}
    importer = importer_of(document)
    assert importer is not None
    assert importer.read(document).errors == 2


def test_the_metadata_of_a_run_is_its_identity() -> None:
    assert dict(read("rag-demo").identity) == {"dtype": "float16"}
    assert dict(read("vllm-bench").identity) == {"model_id": "Qwen/Qwen3-1.7B"}


@pytest.mark.parametrize(
    ("tool", "changed", "words"),
    [
        ("aiperf", {"was_cancelled": True}, "was cancelled"),
        ("aiperf", {"request_latency": {"unit": "s", "p50": 5.2}}, "is in 's', not in 'ms'"),
    ],
)
def test_what_is_no_trial_is_refused(tool: str, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(tool, **changed)
