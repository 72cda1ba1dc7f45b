"""Presets against the servers that they describe. Not collected by itself: ``tox -e targets`` has the packages.

Each service is asked one question that it answers and one that fails, and a row of a table says what is known of it.
"""

import importlib.metadata
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.requests.measures import time_to_first_source_ms, tpot_ms, ttft_ms
from ragmeter.core.requests.records import ErrorClass, RequestSample
from ragmeter.run.load.single import ask
from ragmeter.run.plan.catalog import load_target
from ragmeter.run.plan.recognition import recognized
from ragmeter.run.plan.target import reach
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.ports import free_port
from tests.run.cases import provider
from tests.tethered import tethered
from tests.waiting import wait_until_served

HERE = Path(__file__).parent
START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 30
MEASURES = {"TTFT": ttft_ms, "TPOT": tpot_ms, "first source": time_to_first_source_ms}


@dataclass(frozen=True, slots=True)
class Command:
    """ready: a path that answers when it is."""

    line: Sequence[str]
    ready: str
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def running(command: Sequence[str], ready: str, **environment: str) -> Iterator[str]:
    """The URL of a server that listens on the port in its command."""
    port = free_port()
    arguments = [part.replace("PORT", str(port)) for part in command]
    process = subprocess.Popen(
        tethered(arguments), env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"

    try:
        wait_until_served(process, f"{url}{ready}", START_TIMEOUT_S)
        yield url
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)


def module(name: str) -> Command:
    return Command((sys.executable, "-m", f"tests.targets.{name}", "PORT"), "/openapi.json")


def program(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(Path(sys.executable).with_name(name)), *arguments, "--host", "127.0.0.1", "--port", "PORT")


KEY = "sk-of-the-tests"
COMMANDS = {
    "langserve": module("langserve_app"),
    "hayhooks": Command(
        program("hayhooks", "run"),
        "/status",
        {"HAYHOOKS_PIPELINES_DIR": str(HERE / "pipelines"), "HAYSTACK_TELEMETRY_ENABLED": "False"},
    ),
    "llama-index-server": module("llamaindex_app"),
    "litellm": Command(
        program("litellm", "--config", str(HERE / "litellm.yaml"), "--telemetry", "False"),
        "/health/liveliness",
        {"LITELLM_MASTER_KEY": KEY},
    ),
}


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    """LiteLLM passes on what a server of ours streams, whose times and counts are known."""
    with ExitStack() as stack:
        behind = stack.enter_context(GroundTruthServer(SCRIPT, process=True))
        passed_on = {"BEHIND": f"{behind.base_url}/v1"}
        yield {
            name: stack.enter_context(running(each.line, each.ready, **each.environment, **passed_on))
            for name, each in COMMANDS.items()
        }


def workload(target: Any, prompt: str, model: str) -> Workload:
    document = {
        "schema": "workload.v1",
        "name": "w",
        "target": target,
        "benchmark": {"requests": 1, "concurrency": 1, "timeout": 60, "max_output_tokens": 16},
        "model": {"model_id": model},
        "prompts": [prompt],
    }
    return workload_from(
        document, path="w.yaml", prompts=(), settings=(), schema=schema("workload.v1"), find_target=load_target
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """failing: the target that is asked for a failure; the same where the question decides."""

    package: str
    target: Any
    failing: Any
    documents: tuple[str, ...] = ()
    chars: int | None = len("one two three four")
    tokens: int | None = None
    model: str = "rag"


def chain(name: str) -> dict[str, Any]:
    return {"preset": "langserve", "values": {"chain": name}}


SCRIPT = StreamScript(ttft_ms=20, itl_ms=5, tokens=8)


def gateway(preset: str) -> Case:
    """To the server of ours, and to one that is not there."""
    return Case(
        package="litellm",
        target=preset,
        failing={"preset": preset, "body": {"model": "dying"}},
        chars=None,
        tokens=SCRIPT.tokens,
        model="small",
    )


PIPELINE = {"preset": "hayhooks", "values": {"pipeline": "rag"}}
CASES = {
    "a chain with sources": Case(
        package="langserve", target=chain("rag"), failing=chain("failing"), documents=("terms.md", "forms.md")
    ),
    "a chain of text": Case(package="langserve", target=chain("text"), failing=chain("failing")),
    "a chain of messages": Case(package="langserve", target=chain("chat"), failing=chain("failing")),
    "a pipeline": Case(package="hayhooks", target=PIPELINE, failing=PIPELINE),
    "a pipeline that chats": Case(package="hayhooks", target="hayhooks-chat", failing="hayhooks-chat"),
    "a workflow": Case(
        package="llama-index-server",
        target="llamaindex-server",
        failing="llamaindex-server",
        documents=("terms.md", "forms.md"),
    ),
    "a gateway": gateway("openai-chat"),
    "its messages": gateway("anthropic"),
}


def asked(url: str, target: Any, prompt: str, model: str) -> RequestSample:
    made, there = workload(target, prompt, model), provider(url, headers={"authorization": f"Bearer {KEY}"})
    reach(there, made)
    return ask(there, made)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_preset_reads_its_service(urls: dict[str, str], case: Case) -> None:
    begun = time.monotonic()
    sample = asked(urls[case.package], case.target, "Why?", case.model)
    assert sample.ok, sample.error_message
    assert case.chars in (None, sample.answer_chars)
    assert case.tokens in (None, sample.output_tokens)
    assert sample.documents == case.documents
    known = [name for name, measure in MEASURES.items() if measure(sample) is not None]
    assert "TTFT" in known
    version = importlib.metadata.version(case.package)
    spent_s = time.monotonic() - begun
    print(f"\n{case.package:18} {version:8} known: {', '.join(known):26} {spent_s:5.2f} s", end=" ")


RECOGNIZED = {
    "langserve": ("langserve", {"chain": ("rag", "text", "chat", "failing")}),
    "hayhooks": ("hayhooks", {"pipeline": ("rag",)}),
    "llama-index-server": ("llamaindex-server", {}),
}


@pytest.mark.parametrize(("package", "expected"), RECOGNIZED.items(), ids=RECOGNIZED)
def test_a_service_is_recognized_by_its_signs(
    urls: dict[str, str], package: str, expected: tuple[str, dict[str, tuple[str, ...]]]
) -> None:
    """A pipeline of Hayhooks that also chats has the signs of both presets: only its values are told."""
    name, values = expected
    found = recognized(provider(urls[package]), name if package == "hayhooks" else None)
    assert (found.known.name, found.values) == (name, values)
    if package == "hayhooks":
        with pytest.raises(TargetError, match="may be any of hayhooks, hayhooks-chat"):
            recognized(provider(urls[package]))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_failure_of_the_service_is_one(urls: dict[str, str], case: Case) -> None:
    sample = asked(urls[case.package], case.failing, "fail", case.model)
    assert sample.error in {ErrorClass.ERROR_EVENT, ErrorClass.HTTP_STATUS, ErrorClass.TRUNCATED}, sample
