"""What the built-in targets do is expressible: their descriptions ask the same and read every known stream alike."""

import json
from dataclasses import replace

import pytest

from ragmeter.clients.answers.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.core.requests.records import RequestSample
from ragmeter.testing import ODDITIES, Contract
from ragmeter.testing.response import plan_for
from tests.clients.answers.answering import VALUES, answer, dialect_named, read
from tests.clients.answers.golden import NAMES, expectation
from tests.clients.answers.golden import STREAMS as GOLDEN
from tests.llm_streams import MAX_TOKENS, STREAMS, LlmStream
from tests.test_llm_streams import by_event

RAG = RagDialect(k=3, docset="docs", max_tokens=64)
OPENAI = OpenAiDialect(model="m", max_tokens=64)
QUERY_STREAM, OPENAI_CHAT, RAG_DEMO = map(dialect_named, ("query-stream", "openai-chat", "rag-demo"))
PAIRS: dict[Contract, tuple[Dialect, Dialect]] = {
    Contract.RAG: (RAG, QUERY_STREAM),
    Contract.OPENAI: (OPENAI, OPENAI_CHAT),
}
CASES = [(name, contract) for name, oddity in ODDITIES.items() for contract in Contract if contract in oddity.contracts]


def judged(sample: RequestSample) -> RequestSample:
    """Without the words of a failure, which name the target."""
    return replace(sample, error_message=sample.error and "said", refused=("said",) * len(sample.refused))


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("size", [None, 7])
def test_streams_of_language_models(stream: LlmStream, size: int | None) -> None:
    cut = [stream.body[at : at + size] for at in range(0, len(stream.body), size)] if size else by_event(stream.body)
    exchange = answer(cut)
    built_in, described = (read(exchange, dialect, MAX_TOKENS) for dialect in (OPENAI, OPENAI_CHAT))
    assert judged(described) == judged(built_in)


OF_BUILT_IN = {name: kind for name in NAMES if (kind := expectation(name)["dialect"]) in {*Contract}}


@pytest.mark.parametrize(("name", "kind"), OF_BUILT_IN.items(), ids=OF_BUILT_IN)
def test_recorded_streams(name: str, kind: str) -> None:
    raw = (GOLDEN / f"{name}.sse").read_bytes()
    dialects = PAIRS[Contract(kind)] if name != "predecessor" else (RAG, RAG_DEMO)
    built_in, described = (read(answer([raw[at : at + 99] for at in range(0, len(raw), 99)]), d) for d in dialects)
    assert judged(described) == judged(built_in)
    assert built_in.answer_chars > 0


@pytest.mark.parametrize(("name", "contract"), CASES, ids=[f"{name}-{contract}" for name, contract in CASES])
def test_odd_streams(name: str, contract: Contract) -> None:
    plan = plan_for(replace(ODDITIES[name].script, oddity=name), contract, request_id="r", usage=True)
    content_type = dict(plan.headers).get("content-type", "")
    exchange = answer([piece.body for piece in plan.pieces], status=plan.status, content_type=content_type)
    dialects = PAIRS[contract] if name != "predecessor" else (RAG, RAG_DEMO)
    built_in, described = (read(exchange, dialect) for dialect in dialects)
    assert judged(described) == judged(built_in)


@pytest.mark.parametrize(("built_in", "described"), PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("max_tokens", [None, 7])
def test_requests(built_in: Dialect, described: Dialect, max_tokens: int | None) -> None:
    asked, made = (dialect.request("Was läuft? {k}", max_tokens=max_tokens) for dialect in (built_in, described))
    assert (made.method, made.path, made.headers) == (asked.method, asked.path, asked.headers)
    assert json.loads(made.body) == json.loads(asked.body)
    assert VALUES["k"] == RAG.k
