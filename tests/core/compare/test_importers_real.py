"""Public results of other tools: what each file holds, and the load that it was measured with."""

import json
from pathlib import Path
from typing import Any

import pytest

from ragmeter.clients.files import read_document
from ragmeter.core.compare.importers.known import importer_of, readings_of
from ragmeter.core.compare.importers.reading import Reading

FOREIGN = Path(__file__).parent / "foreign"
SOURCES: list[dict[str, Any]] = json.loads((FOREIGN / "sources.json").read_text(encoding="utf-8"))


def readings(name: str) -> list[Reading]:
    document = read_document(FOREIGN / name, infinite=True)
    importer = importer_of(document)
    assert importer is not None
    assert importer.tool == next(each["tool"] for each in SOURCES if each["file"] == name)
    return list(readings_of(importer, document))


def test_every_file_says_where_it_is_from() -> None:
    there = {path.name for path in FOREIGN.iterdir()} - {"README.md", "sources.json"}
    assert {each["file"] for each in SOURCES} == there
    assert all({"repository", "commit", "path"} <= each.keys() or "recorded" in each for each in SOURCES)


@pytest.mark.parametrize(
    ("name", "loads"),
    [
        ("vllm-bench-0.25.1.json", ["closed loop, 2 at once, 32 input tokens, 1.54 s"]),
        (
            "vllm-bench-0.25.1-sweep.json",
            ["closed loop, 2 at once, 32 input tokens, 1.37 s", "closed loop, 2 at once, 32 input tokens, 0.642 s"],
        ),
        ("vllm-bench-0.25.1-all-failed.json", ["all requests at once, 8 at once, 0.00503 s"]),
        ("sglang-0.5.5-c8.jsonl", ["closed loop, 8 at once, 60 input tokens, 1.97 s"]),
        (
            "sglang-0.5.5-sweep.jsonl",
            ["closed loop, 8 at once, 265 input tokens, 3.01 s", "closed loop, 32 at once, 265 input tokens, 1.44 s"],
        ),
        ("guidellm-0.3.json", ["open loop, constant arrivals, 10 requests/s, 120 input tokens, 60 s"]),
        (
            "guidellm-0.8.0.dev18-sweep.json",
            [
                "open loop, constant arrivals, 2 requests/s, 72 input tokens, 5.02 s",
                "open loop, constant arrivals, 4 requests/s, 66 input tokens, 2.52 s",
            ],
        ),
        ("inference-perf-0.2-vllm-stage-0.json", ["open loop, 1 requests/s, 204 input tokens"]),
        ("inference-perf-0.2-vllm-stage-6.json", ["open loop, 183.38 requests/s, 204 input tokens"]),
    ],
)
def test_a_result_carries_its_load(name: str, loads: list[str]) -> None:
    assert [str(at.load) for at in readings(name)] == loads


@pytest.mark.parametrize("name", [each["file"] for each in SOURCES if each["tool"] == "inference-perf"])
def test_a_time_per_token_that_divides_by_chunks_is_left_out_and_named(name: str) -> None:
    (at,) = readings(name)
    assert not any("tpot_ms" in figure for figure in at.figures)
    assert any("its TPOT does not add up and is left out" in note for note in at.notes)
    assert {"p50(ttft_ms)", "p50(e2e_ms)", "output_tokens_per_s", "requests_per_s"} <= at.figures.keys()


@pytest.mark.parametrize(
    "name", [each["file"] for each in SOURCES if each["tool"] != "inference-perf" and "failed" not in each["file"]]
)
def test_figures_that_add_up_are_all_taken(name: str) -> None:
    for at in readings(name):
        assert not any("add up" in note for note in at.notes)
        assert {"p50(ttft_ms)", "p50(tpot_ms)"} <= at.figures.keys()


def test_a_run_without_a_success_has_no_figure() -> None:
    (at,) = readings("vllm-bench-0.25.1-all-failed.json")
    assert (at.requests, at.errors, at.figures) == (8, 8, {})
    assert at.notes == ("8 of 8 requests failed: it has no figures",)


@pytest.mark.parametrize(
    ("name", "version", "started_at"),
    [
        ("guidellm-0.3.json", None, "2025-09-23T21:59:06.125779+00:00"),
        ("guidellm-0.8.0.dev18-sweep.json", "0.8.0.dev18", "2026-08-14T03:29:08.252635+00:00"),
        ("vllm-bench-0.25.1.json", None, "2026-08-16T16:08:53"),
        ("sglang-0.5.5-c8.jsonl", "0.5.5.post3", None),
        ("aiperf-0.13.0.json", "0.13.0", "2026-11-25T15:38:20.013928"),
    ],
)
def test_a_time_has_a_zone_only_where_the_file_has_one(name: str, version: str | None, started_at: str | None) -> None:
    at = readings(name)[0]
    assert (at.tool_version, at.started_at) == (version, started_at)
