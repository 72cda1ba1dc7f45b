"""Which stage a span is of."""

from typing import Any

import pytest

from ragmeter.core.figures.spans.naming import known_stage, own_name
from ragmeter.core.requests.stage_names import why_no_stage
from tests.core.figures.spans.made import span


@pytest.mark.parametrize(
    ("name", "more", "stage"),
    [
        ("chat llama", {"words": {"gen_ai.operation.name": "chat"}}, "llm"),
        ("x", {"words": {"gen_ai.operation.name": "embeddings"}}, "embedding"),
        ("x", {"words": {"gen_ai.operation.name": "retrieval"}}, "retrieval"),
        ("x", {"words": {"gen_ai.operation.name": "execute_tool"}}, "tools"),
        ("x", {"words": {"openinference.span.kind": "RERANKER"}}, "rerank"),
        ("x", {"words": {"openinference.span.kind": "GUARDRAIL"}}, "guard"),
        ("x", {"words": {"openinference.span.kind": "CHAIN"}}, None),
        ("x", {"words": {"llm.request.type": "rerank"}}, "rerank"),
        ("query", {"words": {"db.system": "qdrant"}}, "retrieval"),
        ("query", {"words": {"db.system.name": "postgresql"}}, None),
        ("POST", {"kind": "client", "path": "http://llm:8000/v1/chat/completions"}, "llm"),
        ("POST", {"kind": "client", "path": "/v1/rerank/"}, "rerank"),
        ("POST", {"kind": "server", "path": "/v1/chat/completions"}, None),
        ("GET", {"kind": "client", "path": "/users"}, None),
        ("Rewrite query", {}, "query_rewrite"),
        ("retrieval default", {}, "retrieval"),
        ("llm_request", {}, "llm"),
        ("hybrid search", {}, None),
    ],
)
def test_conventions_come_before_the_address_and_the_address_before_the_name(
    name: str, more: dict[str, Any], stage: str | None
) -> None:
    assert known_stage(span(name, 0, 1, **more)) == stage


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("hybrid search", "hybrid_search"),
        ("GET /docs/{id}", "GET_docs_id"),
        ("decode", "span_decode"),
        ("llm", "span_llm"),
        ("42", "span_42"),
        ("日本語", "span"),
        ("", "span"),
        ("x" * 200, "x" * 40),
    ],
)
def test_any_other_name_becomes_one_that_a_stage_can_have(name: str, own: str) -> None:
    found = own_name(span(name, 0, 1, own="i"))
    assert found == own
    assert why_no_stage(found) is None
