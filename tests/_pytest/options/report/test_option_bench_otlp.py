"""--bench-otlp: stages of a RAG that sends spans, beside a load of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ragmeter.core.codec import to_json
from ragmeter.core.result.build import result_of
from ragmeter.run.store import read
from tests._pytest.project import Project, refused
from tests.ports import free_port
from tests.run.traced_rag import TOKENS
from tests.tethered import importing_as_here, tethered
from tests.waiting import wait_until

REQUESTS = 6


@pytest.fixture
def otlp_port() -> int:
    return free_port()


@pytest.fixture
def their_rag(otlp_port: int) -> Iterator[str]:
    """Its address; it sends to a receiver that is not there yet."""
    port = free_port()
    command = [sys.executable, "-m", "tests.run.traced_rag", str(port), f"http://127.0.0.1:{otlp_port}"]
    with subprocess.Popen(tethered(command), env=importing_as_here()) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: _told(url) is not None, 60)
            yield url
        finally:
            process.terminate()


def _told(url: str) -> dict[str, dict[str, float]] | None:
    try:
        told: dict[str, dict[str, float]] = httpx.get(f"{url}/told", trust_env=False).json()
    except httpx.HTTPError:
        return None
    return told


def measured(project: Project, url: str, *options: str) -> dict[str, Any]:
    load = {"requests": REQUESTS, "concurrency": 2, "warmup_requests": 2, "max_output_tokens": TOKENS}
    project.workload(target="openai", model={"model_id": "m"}, benchmark=load)
    project.provider(base_url=url)
    project.suite()
    project.run(*options).assert_outcomes(passed=1)
    return project.result()


def test_stages_of_a_foreign_rag_are_as_long_as_it_measures_them_and_add_up_to_the_clients_ttft(
    project: Project, their_rag: str, otlp_port: int
) -> None:
    result = measured(project, their_rag, f"--bench-otlp={otlp_port}")
    traced, told = result["traced"], _told(their_rag) or {}
    assert (traced["requests"], traced["joined"], traced["services"]) == (REQUESTS, REQUESTS, ["their-rag"])
    assert traced["notes"] == []
    own = [told[line["sent_trace_id"]] for line in project.samples() if line["phase"] == "measured"]
    stages = {stage["name"]: stage["mean_ms"] for stage in result["attribution"]["stages"]}
    names = {
        "query_rewrite": "rewrite query",
        "fuse_two_searches": "fuse two searches",
        "rerank": "bge",
        "llm_first_token": "until the first token",
    }
    means = {ours: sum(each[theirs] for each in own) / REQUESTS for ours, theirs in names.items()}
    assert {name: stages[name] for name in means} == pytest.approx(means, abs=0.01)
    assert list(stages)[:4] == list(means), "in the order in which they ran"
    assert sum(stages.values()) == pytest.approx(result["attribution"]["ttft_mean_ms"], rel=1e-6)
    assert [stage["name"] for stage in result["attribution"]["later"]] == ["guard"]


def test_what_is_computed_again_from_the_raw_record_is_the_same_and_the_page_shows_it(
    project: Project, their_rag: str, otlp_port: int
) -> None:
    result = measured(project, their_rag, f"--bench-otlp={otlp_port}", "--html=page.html", "--self-contained-html")
    (record,) = project.reports.glob("ns/*/*.raw.jsonl")
    plan, samples, ending = read(record)
    assert len(ending.traces) == REQUESTS + 2
    again = json.loads(to_json(result_of(plan, samples, ending, raw_samples_path=None)))
    assert {name: again[name] for name in ("traced", "attribution")} == {
        name: result[name] for name in ("traced", "attribution")
    }
    assert all(sample.trace_id == sample.sent_trace_id for sample in samples)
    page = (project.pytester.path / "page.html").read_text(encoding="utf-8")
    assert "Stages from spans" in page
    assert "fuse_two_searches" in page


def test_without_it_no_trace_is_named_and_nothing_is_said(project: Project) -> None:
    project.workload()
    project.provider()
    project.suite()
    project.run().assert_outcomes(passed=1)
    assert project.result()["traced"] is None
    assert {line["sent_trace_id"] for line in project.samples()} == {None}


def test_a_service_that_sends_nothing_is_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragmeter.run.engine.here.PATIENCE_S", 0.2)
    project.suite()
    project.run("--bench-otlp=0").assert_outcomes(passed=1)
    (note,) = project.result()["traced"]["notes"]
    assert note == "2 of 2 requests have no span: does the service send them here, and take over traceparent?"


@pytest.mark.parametrize("value", ["x", "99999", "localhost:4318"])
def test_what_is_no_address_is_refused(project: Project, value: str) -> None:
    project.suite()
    refused(project, project.run(f"--bench-otlp={value}"), f"--bench-otlp: '{value}' is not PORT or ADDRESS:PORT")


def test_an_address_that_is_taken_is_refused_before_any_load(project: Project) -> None:
    port = project.service.base_url.rpartition(":")[2]
    project.suite()
    refused(project, project.run(f"--bench-otlp={port}"), f"--bench-otlp 127.0.0.1:{port}: nothing can listen there")
