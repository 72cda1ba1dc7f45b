"""A service behind a WebSocket, measured by a whole run with the plug-in of the documentation, which a hook names."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ragmeter.clients.plugins import registry
from tests._pytest.project import Project, refused
from tests.clients.plugins.socket_rag import TOKENS, SocketRag, socket_rag
from tests.docs.pages import DOCS, Block, blocks_of

pytestmark = pytest.mark.usefixtures("fresh_load_processes")
PAGE: list[Block] = list(blocks_of(DOCS / "howto-any-rag.md"))


def block(beginning: str) -> str:
    return next(each.text for each in PAGE if each.text.startswith(beginning))


@pytest.fixture(scope="module")
def rag() -> Iterator[SocketRag]:
    with socket_rag() as running:
        yield running


@pytest.fixture
def mine(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The project of the page: plug-in and hook beside the test."""
    monkeypatch.setattr(registry, "_named", {})
    for name in ("rag_socket.py", "conftest.py"):
        (project.pytester.path / name).write_text(block(f"# {name}"), encoding="utf-8")
    project.suite()
    yield project
    sys.modules.pop("rag_socket", None)


def measured(project: Project, url: str, target: dict[str, Any]) -> pytest.RunResult:
    project.provider(base_url=url, target=target)
    project.workload()
    return project.run("--bench-calibrate=on")


def target() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(block("target:\n  plugin: rag-socket"))["target"]
    return found


def test_plugin_of_a_hook_asks_in_the_load_processes(mine: Project, rag: SocketRag) -> None:
    measured(mine, rag.url, target()).assert_outcomes(passed=1)
    result = mine.result()
    assert result["requests"] == result["success"] == 2
    assert result["harness"]["clock"] in ("capture", "kernel", "user")
    assert [len(sample["events_ns"]) for sample in mine.samples()] == [len(TOKENS)] * 2
    assert all(sample["first_source_ns"] <= sample["events_ns"][0] for sample in mine.samples())


def test_client_of_the_plugin_is_the_clock_that_the_result_names(mine: Project, rag: SocketRag) -> None:
    plugin = mine.pytester.path / "rag_socket.py"
    own = plugin.read_text(encoding="utf-8").replace('clock = "wire"', 'clock = "plugin"')
    plugin.write_text(own.replace("yield arrival.of(message)", "yield message"), encoding="utf-8")
    measured(mine, rag.url, target()).assert_outcomes(passed=1)
    assert mine.result()["harness"]["clock"] == "plugin"
    assert "a plug-in's own client dates the answers" in str(mine.result())


def test_fault_of_a_plugin_is_no_measurement(mine: Project, rag: SocketRag) -> None:
    plugin = mine.pytester.path / "rag_socket.py"
    broken = plugin.read_text(encoding="utf-8").replace("question.sent()", 'raise LookupError("a mistake of mine")')
    plugin.write_text(broken, encoding="utf-8")
    measured(mine, rag.url, target())
    result = mine.result()
    assert (result["outcome"], result["errors"]) == ("INVALID", 0)
    assert "the plug-in 'rag-socket' failed: LookupError: a mistake of mine" in str(result["harness"]["reasons"])


def test_plugin_that_nobody_names_is_refused_before_any_load(mine: Project, rag: SocketRag) -> None:
    outcome = measured(mine, rag.url, {**target(), "plugin": "grpc"})
    refused(mine, outcome, "$.target.plugin: no plug-in 'grpc'; known: rag-socket")
