"""A service that speaks no HTTP, measured by plug-ins: the one of the documentation, and one with its own client."""

import asyncio
import importlib
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.described import DescribedDialect, described_dialect
from ragmeter.clients.connection.transport import Exchange
from ragmeter.clients.plugins import registry
from ragmeter.clients.plugins.transport import PluginTransport
from ragmeter.core.errors import ConfigError
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.run.plan.catalog import load_target
from tests.clients.asyncio_thread import turns
from tests.clients.plugins import own_clients
from tests.clients.plugins.socket_rag import TOKENS, SocketRag, socket_rag
from tests.docs.pages import DOCS, blocks_of
from tests.waiting import wait_until

OFFSET_NS = 1_000_000
"""By how much the kernel's stamps, which are of the wall clock, may be off on the monotonic one."""


def block(beginning: str) -> str:
    """Of the page that shows how a plug-in is written."""
    texts = (each.text for each in blocks_of(DOCS / "howto-any-rag.md"))
    return next(text for text in texts if text.startswith(beginning))


@pytest.fixture(scope="module")
def rag() -> Iterator[SocketRag]:
    with socket_rag() as running:
        yield running


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The module of the page, where a user has it."""
    folder = tmp_path_factory.mktemp("plug-ins of mine")
    (folder / "rag_socket.py").write_text(block("# rag_socket.py"), encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("rag_socket")
    sys.path.remove(str(folder))
    del sys.modules["rag_socket"]


@pytest.fixture(autouse=True)
def named(documented: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_named", {})
    faulty = (own_clients.Raising, own_clients.YieldingNumbers, own_clients.Backdating, own_clients.Undated)
    speakers: dict[str, Any] = {"rag-socket": documented.RagSocket, "own-client": own_clients.OwnClient}
    speakers |= {each.__name__: each for each in faulty}
    registry.register(speakers, "tests")


def dialect_with(plugin: str, **keys: str) -> DescribedDialect:
    target = yaml.safe_load(block("target:\n  plugin: rag-socket"))["target"]
    described = load_target({**target, "plugin": plugin, **keys}, where="mine.yaml")
    return described_dialect(described, values={"max_tokens": 16}, headers=(("x-api-key", "of the provider file"),))


def asked(
    url: str, plugin: str, question: str, *, clock: str = "auto", timeout_s: float = 30, path: str = "/chat"
) -> tuple[Exchange, RequestSample]:
    dialect = dialect_with(plugin, path=path)

    async def main() -> Exchange:
        transport = PluginTransport(plugin, url, clock=clock)
        try:
            deadline_ns = time.monotonic_ns() + int(timeout_s * 1e9)
            return await transport.exchange(dialect.request(question), deadline_ns=deadline_ns)
        finally:
            await transport.aclose()
            await turns()

    exchange = asyncio.run(main())
    sent_ns = exchange.sent_ns or 0
    return exchange, decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=sent_ns, origin_ns=0)


@pytest.mark.parametrize(("plugin", "clock"), [("rag-socket", "auto"), ("rag-socket", "user"), ("own-client", "auto")])
def test_whole_answer_has_the_times_of_the_server(rag: SocketRag, plugin: str, clock: str) -> None:
    question = f"Does {plugin} by {clock} work?"
    exchange, sample = asked(rag.url, plugin, question, clock=clock)
    handed_over_ns = time.monotonic_ns()
    assert sample.error is None, sample.failure
    _, *tokens_ns, done_ns = rag.sent_ns[question]
    assert len(sample.events_ns) == len(TOKENS) == len(tokens_ns)
    for written_ns, arrived_ns in zip(tokens_ns, sample.events_ns, strict=True):
        assert written_ns - OFFSET_NS <= arrived_ns <= handed_over_ns
    assert done_ns - OFFSET_NS <= sample.ended_ns
    assert sample.sent_ns is not None
    assert sample.sent_ns <= rag.sent_ns[question][0]
    assert (sample.documents, sample.output_tokens, sample.prompt_tokens) == (("a.md", "b.md"), 5, 40)
    assert sample.http_status is None
    assert (sample.inexact_events is None) == (plugin == "own-client" or clock == "user")
    assert (exchange.connect_ns is None) == (plugin == "own-client")
    body, headers = next(each for each in rag.asked if each[0]["question"] == question)
    assert body == {"question": question, "max_tokens": 16}
    assert headers["x-api-key"] == "of the provider file"


FAILED = {
    "error": (ErrorClass.ERROR_EVENT, "the index is gone"),
    "cut": (ErrorClass.TRUNCATED, ""),
    "closes": (ErrorClass.TRUNCATED, ""),
    "garbled": (ErrorClass.PROTOCOL, "is not JSON"),
    "empty": (ErrorClass.EMPTY, "no text"),
}


@pytest.mark.parametrize("plugin", ["rag-socket", "own-client"])
@pytest.mark.parametrize("kind", FAILED)
def test_failed_answer_is_judged_as_that_of_any_target(rag: SocketRag, plugin: str, kind: str) -> None:
    error, words = FAILED[kind]
    _, sample = asked(rag.url, plugin, f"An answer that is {kind}, for {plugin}")
    assert sample.error is error, sample.failure
    assert words in str(sample.error_message)


@pytest.mark.parametrize("plugin", ["rag-socket", "own-client"])
def test_service_that_refuses_or_is_not_there_is_the_one_to_blame(rag: SocketRag, plugin: str) -> None:
    _, refused = asked(rag.url, plugin, "Who am I?", path="/closed")
    assert refused.error is ErrorClass.ERROR_EVENT
    assert "401" in str(refused.error_message)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        _, absent = asked(f"http://127.0.0.1:{taken.getsockname()[1]}", plugin, "Is anybody there?")
    assert absent.error is ErrorClass.CONNECT


@pytest.mark.parametrize("plugin", ["rag-socket", "own-client"])
def test_client_that_goes_away_leaves_no_connection(rag: SocketRag, plugin: str) -> None:
    question = f"Who hangs, asked by {plugin}?"
    exchange, sample = asked(rag.url, plugin, question, timeout_s=1)
    assert sample.error is ErrorClass.TIMEOUT
    assert exchange.failure is not None
    assert "the deadline passed" in exchange.failure[1]
    wait_until(lambda: question in rag.gone, 30)


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        ("Raising", "the plug-in 'Raising' failed: LookupError: no such thing in /chat"),
        ("YieldingNumbers", "has the clock 'plugin' and must yield bytes or text, not int"),
        ("Backdating", "dated a message before the last one, before the question, or in the future"),
        ("Undated", "has the clock 'wire' and must yield an Arrival, not str"),
    ],
)
def test_fault_of_the_plugin_says_nothing_of_the_service(plugin: str, words: str) -> None:
    _, sample = asked("http://127.0.0.1:1", plugin, "What did you do?")
    assert sample.error is ErrorClass.CLIENT
    assert words in str(sample.error_message)


@pytest.mark.parametrize(
    ("speaker", "words"),
    [
        (own_clients.NoClock, "its clock is 'sundial'; allowed: wire, plugin"),
        (own_clients.NoGenerator, "ask must be an async method that yields"),
        (type("Local", (), {"__module__": "conftest"}), "must be a class of a module that load processes can import"),
    ],
)
def test_class_that_is_no_plugin_is_refused_by_name(speaker: type, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        registry.register({"mine": speaker}, "pytest_ragmeter_targets")


def test_name_that_no_plugin_has_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"mine\.yaml: \$\.target\.plugin: no plug-in 'nobody'; known: .*own-client"):
        dialect_with("nobody")


def test_messages_are_what_a_plugin_hands_on() -> None:
    target = {
        "path": "/chat",
        "body": {"q": "{prompt}"},
        "answer": {"framing": "messages", "text": "t", "end": {"where": "e"}},
    }
    with pytest.raises(ConfigError, match=r"answer\.framing: messages are what a plug-in hands on"):
        load_target(target, where="mine.yaml")


def test_installed_package_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "of_mine-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: of-mine\nVersion: 1\n")
    named = "tests.clients.plugins.own_clients"
    (package / "entry_points.txt").write_text(
        f"[ragmeter.targets]\nmine = {named}:OwnClient\nbroken = {named}:Nobody\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert registry.speaker_of("mine", "mine.yaml").__name__ == "OwnClient"
    with pytest.raises(ConfigError, match=r"mine\.yaml: plug-in 'broken' cannot be imported: AttributeError"):
        registry.speaker_of("broken", "mine.yaml")
