"""The table of odd streams, walked by the real transport over real sockets: tolerance 0 on verdicts and counts."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.http.client import HttpTransport
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.testing import ODDITIES, Contract, GroundTruthServer, StreamTruth
from tests.privileges import EACH_CLOCK

DIALECTS: dict[Contract, Dialect] = {
    Contract.RAG: RagDialect(k=2),
    Contract.OPENAI: OpenAiDialect(model="ground-truth", max_tokens=7),
}
AskFor = Callable[[str, Contract], Coroutine[Any, Any, list[RequestSample]]]
CASES = [(name, contract) for name, oddity in ODDITIES.items() for contract in Contract if contract in oddity.contracts]


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer() as running:
        yield running


async def ask(transport: HttpTransport, dialect: Dialect, *, timeout_s: float) -> RequestSample:
    now_ns = time.monotonic_ns()
    exchange = await transport.exchange(dialect.request("why?"), deadline_ns=now_ns + int(timeout_s * 1e9))
    return decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=now_ns, origin_ns=0)


@pytest.fixture(params=EACH_CLOCK)
def ask_for(request: pytest.FixtureRequest, server: GroundTruthServer) -> AskFor:
    """Asks for an oddity, with each clock."""
    return partial(asked_for, server, request.param)


async def asked_for(server: GroundTruthServer, clock: str, name: str, contract: Contract) -> list[RequestSample]:
    """The sample of an oddity, after that of the oddity which goes before it, if any, on one transport."""
    oddity = ODDITIES[name]
    names = [oddity.after, name] if oddity.after else [name]
    transport = HttpTransport([server.url(each) for each in names], stale_within_s=5, clock=clock)
    try:
        return [await ask(transport, DIALECTS[contract], timeout_s=10 if oddity.ends else 1.0) for _ in names]
    finally:
        await transport.aclose()


def truth_of(server: GroundTruthServer, sample: RequestSample) -> StreamTruth:
    assert sample.request_id is not None
    return server.truths()[sample.request_id]


@pytest.mark.parametrize(("name", "contract"), CASES, ids=[f"{name}-{contract}" for name, contract in CASES])
def test_odd_stream_is_judged_as_the_table_says(ask_for: AskFor, name: str, contract: Contract) -> None:
    sample = asyncio.run(ask_for(name, contract))[-1]
    expected = ODDITIES[name].expected
    assert (sample.error, sample.output_tokens, sample.token_source, len(sample.events_ns)) == (
        expected.error,
        expected.output_tokens,
        expected.token_source,
        expected.text_events,
    ), sample.error_message
    assert (sample.error_message is None) == (sample.error is None)


@pytest.mark.parametrize("contract", Contract)
def test_every_text_event_is_dated_after_its_write_and_before_the_next_but_one(
    ask_for: AskFor, server: GroundTruthServer, contract: Contract
) -> None:
    sample = asyncio.run(ask_for("steady", contract))[0]
    truth = truth_of(server, sample)
    assert len(truth.text_ns) == len(sample.events_ns)
    assert all(written_ns <= seen_ns for written_ns, seen_ns in zip(truth.text_ns, sample.events_ns, strict=True))
    assert sample.sent_ns is not None
    assert sample.sent_ns <= truth.read_ns <= sample.events_ns[0] <= sample.ended_ns


@pytest.mark.parametrize("name", ["reused_after_http_error", "reused_after_error_event"])
def test_connection_is_kept_after_a_failed_request(ask_for: AskFor, server: GroundTruthServer, name: str) -> None:
    first, second = asyncio.run(ask_for(name, Contract.RAG))
    assert first.error is not None
    assert first.connect_ns is not None
    assert second.connect_ns is None
    assert truth_of(server, first).connection == truth_of(server, second).connection


@pytest.mark.parametrize("name", ["closed_when_idle", "closed_when_reused"])
def test_connection_that_was_closed_idle_is_replaced(ask_for: AskFor, server: GroundTruthServer, name: str) -> None:
    first, second = asyncio.run(ask_for(name, Contract.RAG))
    assert second.ok
    assert second.connect_ns is not None
    assert truth_of(server, first).connection != truth_of(server, second).connection


def test_tokens_per_event_are_the_servers(ask_for: AskFor, server: GroundTruthServer) -> None:
    rag, openai = (
        asyncio.run(ask_for("several_tokens_per_event", contract))[0] for contract in (Contract.RAG, Contract.OPENAI)
    )
    assert rag.events_tokens == truth_of(server, rag).text_tokens == (3, 3, 1)
    assert openai.events_tokens is None


def test_times_of_the_predecessor_are_read_as_those_of_the_generation(ask_for: AskFor) -> None:
    sample = asyncio.run(ask_for("predecessor", Contract.RAG))[0]
    assert sample.timings.inference_ttft_ms == 2.0
    assert sample.timings.retrieval_ms == 2.0
    assert sample.timings.ttft_ms is None
    assert sample.timings.total_ms is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("http_503", "HTTP 503 Service Unavailable: InternalServerError: out of memory"),
        ("redirect", "https://elsewhere.example/"),
        ("error_event", "EngineDeadError: the engine died"),
        ("json_answer", "expected text/event-stream, got application/json"),
        ("data_is_not_json", '{"text": "unfinished'),
        ("cut_midway", "closed the connection before the response was complete"),
        ("hangs_before_headers", "before the response began"),
        ("hangs_midway", "bytes of the response"),
    ],
)
def test_error_message_says_what_happened(ask_for: AskFor, name: str, words: str) -> None:
    sample = asyncio.run(ask_for(name, Contract.RAG))[-1]
    assert sample.error_message is not None
    assert words in sample.error_message
