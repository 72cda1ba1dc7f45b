"""The command line, run in this process on files in a folder of its own."""

import json
from pathlib import Path

import pytest

from ragmeter.cli import main
from ragmeter.core.codec import decode
from ragmeter.core.requests.records import Phase, RequestSample, ServerTimings
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.plan import DeclaredSlo, RunEnding, RunPlan
from ragmeter.run.plan.catalog import load_workload
from ragmeter.run.store import SampleLog

WORKLOAD = "schema: workload.v1\nname: x\n"
PROVIDER = "schema: provider.v1\nname: x\n"


def a_sample(index: int) -> RequestSample:
    start = index * 1_000_000_000
    return RequestSample(
        index=index,
        phase=Phase.MEASURED,
        scheduled_ns=start,
        sent_ns=start + 50_000,
        events_ns=tuple(start + 200_000_000 + step * 20_000_000 for step in range(8)),
        ended_ns=start + 400_000_000,
        http_status=200,
        output_tokens=8,
        prompt_tokens=40,
        answer_chars=30,
        timings=ServerTimings(queue_ms=1, embedding_ms=5, retrieval_ms=2, inference_ttft_ms=150, ttft_ms=160),
        documents=("tutorial.md#0",),
        received_bytes=2000,
    )


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A raw record of 20 requests."""
    log = SampleLog(tmp_path / "run.raw.jsonl")
    log.plan(
        RunPlan(
            run_id="there-example-1",
            ragmeter_version="0",
            definitions_version="1",
            provider="there",
            provider_path="there.yaml",
            workload=load_workload("example"),
            slos=(DeclaredSlo(expression="p50(ttft_ms) <= 1000", origin="there.yaml"),),
            cost=None,
            metadata={"provider": "there"},
            metadata_origins={"provider": "this run"},
            started_at="2026-02-22T10:15:30+00:00",
            clock="user",
        )
    )
    for index in range(20):
        log.sample(a_sample(index))
    log.ending(RunEnding(status="complete", client_cpu_ratio=0.1))
    return log.close()


def test_render_computes_the_result_from_the_samples(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = {name: tmp_path / f"again.{name}" for name in ("json", "html", "prometheus")}
    assert main(["render", str(raw), *(part for name, path in out.items() for part in (f"--{name}", str(path)))]) == 0
    result = decode(RunResult, json.loads(out["json"].read_text()), where="again.json")
    assert (result.requests, result.success, result.total_tokens) == (20, 20, 160)
    assert result.ttft_p50_ms == pytest.approx(199.95)
    assert result.outcome == "PASS"
    assert "p50(ttft_ms)" in out["html"].read_text()
    assert "ragmeter_" in out["prometheus"].read_text()
    assert "p50(ttft_ms) = " in capsys.readouterr().out


def test_render_of_a_result_shows_what_render_of_its_samples_showed(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["render", str(raw), "--json", str(tmp_path / "again.json")])
    first = capsys.readouterr().out
    assert main(["render", str(tmp_path / "again.json")]) == 0
    assert capsys.readouterr().out == first


def test_render_of_a_killed_run_says_that_it_was_interrupted(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = raw.read_text().splitlines(keepends=True)
    raw.write_text("".join(lines[:15]) + lines[15][:40])
    assert main(["render", str(raw)]) == 0
    out = capsys.readouterr().out
    assert "INTERRUPTED" in out
    assert "14 measured" in out


@pytest.mark.parametrize(
    ("suffix", "what"), [(".html", "a page"), (".xml", "a JUnit report"), (".md", "a summary"), (".prom", "a set of")]
)
@pytest.mark.parametrize("command", [["render"], ["judge"], ["compare", "other.raw.jsonl"]])
def test_what_was_made_of_a_run_is_refused_and_its_record_is_named(
    raw: Path, command: list[str], suffix: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = raw.with_name(raw.name.removesuffix(".raw.jsonl") + suffix)
    page.write_text("<html>")
    assert main([command[0], str(page), *command[1:]]) == 2
    said = capsys.readouterr().err
    assert f"{page}: is {what}" in said
    assert f"that was made of a run; name its raw record, {raw}" in said


def test_render_refuses_one_document_for_two_runs(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(raw), str(raw), "--json", "x.json"]) == 2
    assert "--json: one document holds one run, not 2" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["example", "smoke", "light", "standard", "load", "stress"])
def test_shipped_workloads_are_valid(name: str) -> None:
    assert main(["validate", f"workloads/{name}.yaml"]) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WORKLOAD + "benchmark: {requets: 3}\nprompts: [a]\n", ["$.benchmark.requets", "'requests'"]),
        (WORKLOAD + "benchmark: {requests: 0}\nprompts: [a]\n", ["$.benchmark.requests: 0 is not >= 1"]),
        (WORKLOAD + "benchmark: {}\n", ["needs exactly one of prompts or prompts_file"]),
        (WORKLOAD + "benchmark: {}\nprompts: [a]\nslo: [p95(ttft) <= 1]\n", ["ttft_ms"]),
        (PROVIDER + "base_url: ftp://x\n", ["'ftp://x' is not a URL"]),
        (PROVIDER + "base_url: http://a\nslo: [p95(ttft) <= 1]\n", ["ttft_ms"]),
        (
            PROVIDER + "base_url: http://a\ntarget: opnai\n",
            ["bad.yaml: $.target: unknown target 'opnai'; known: rag, "],
        ),
        (PROVIDER + "base_url: http://a\ntarget: {path: /x, body: {q: '{promt}'}, answer: {text: t}}\n", ["{promt}"]),
        (PROVIDER + "base_url: ${RAGMETER_NO_SUCH_VARIABLE}\n", ["RAGMETER_NO_SUCH_VARIABLE is not set"]),
        ("name: x\n", ["has no key 'schema'"]),
        ("schema: nothing.v1\n", ["no schema 'nothing.v1'", "workload.v1"]),
        ("a: [\n", ["bad.yaml:2:1: not YAML"]),
    ],
)
def test_validate_says_in_one_line_what_is_wrong(
    text: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    assert main(["validate", str(path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"ragmeter: {path}") or "nothing.v1" in err or "opnai" in err
    assert err.count("\n") == 1
    assert all(word in err for word in words), err


def test_lists_name_what_ships(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers"]) == 0
    assert main(["workloads"]) == 0
    assert main(["price-lists"]) == 0
    out = capsys.readouterr().out
    assert all(
        name in out for name in ("akamai-lke", "aws-eks", "gcp-gke", "local", "smoke", "stress", "openai-gpt-4.1-mini")
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("name: x\nbenchmark: {requests: 3}\nprompts: [a]\n", "workload.v1"),
        ("requests: 3\nprompts: [a]\n", "workload.v1"),
        ("name: x\nbase_url: http://x/query/stream\n", "provider.v1"),
    ],
)
def test_a_file_without_a_schema_is_valid_with_a_notice(
    text: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(text)
    assert main(["validate", str(path)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{path}: a valid {name}\n"
    assert said.err.startswith(f"ragmeter: {path}: has no key 'schema' and is read as {name}")
    assert ("is read as 'http://x'" in said.err) == (name == "provider.v1")
