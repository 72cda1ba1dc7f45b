"""Which stage a span is of: by the semantic conventions of OpenTelemetry for GenAI, those of OpenInference and
OpenLLMetry, the address that was asked, and, last, its name.
"""

import re
from collections.abc import Mapping
from typing import Final

from ragmeter.core.figures.spans.records import SpanTold
from ragmeter.core.requests.stage_names import OURS

LLM: Final = "llm"
"""A call of a language model. The one that makes the answer is what `ServerTimings` calls inference."""
_BY_ATTRIBUTE: Final[Mapping[str, Mapping[str, str]]] = {
    "gen_ai.operation.name": {
        "chat": LLM,
        "generate_content": LLM,
        "text_completion": LLM,
        "embeddings": "embedding",
        "retrieval": "retrieval",
        "execute_tool": "tools",
        "invoke_agent": "agent",
        "create_agent": "agent",
    },
    "openinference.span.kind": {
        "LLM": LLM,
        "EMBEDDING": "embedding",
        "RETRIEVER": "retrieval",
        "RERANKER": "rerank",
        "TOOL": "tools",
        "AGENT": "agent",
        "GUARDRAIL": "guard",
        "EVALUATOR": "evaluator",
    },
    "llm.request.type": {"chat": LLM, "completion": LLM, "embedding": "embedding", "rerank": "rerank"},
    "traceloop.span.kind": {"agent": "agent", "tool": "tools"},
}
"""Where two say something, the first."""
_STORES: Final = frozenset(
    {"chroma", "lancedb", "marqo", "milvus", "opensearch", "elasticsearch", "pinecone", "qdrant", "vespa", "weaviate"}
)
"""Systems that are asked for passages: the rest of ``db.system`` may be asked for anything."""
_BY_PATH: Final = {"completions": LLM, "messages": LLM, "embeddings": "embedding", "rerank": "rerank"}
"""By the last part of the address that a span asked."""
_BY_NAME: Final[Mapping[str, str]] = {
    **dict.fromkeys(("queue", "queue_wait"), "queue"),
    **dict.fromkeys(("embed", "embedding", "embeddings", "embed_query", "query_embedding"), "embedding"),
    **dict.fromkeys(("retrieve", "retrieval", "retriever", "vector_search", "similarity_search"), "retrieval"),
    **dict.fromkeys(("rerank", "reranker", "reranking"), "rerank"),
    **dict.fromkeys(("query_rewrite", "rewrite", "rewrite_query", "query_rewriting"), "query_rewrite"),
    **dict.fromkeys(("guard", "guardrail", "guardrails", "moderation"), "guard"),
    **dict.fromkeys(("tool", "tools", "execute_tool"), "tools"),
    **dict.fromkeys(("chat", "completion", "generate", "generation", "llm", "llm_request", "text_completion"), LLM),
}
"""By the name in lower case: all of it, or the first word of ``chat MODEL``."""
_NOT_OF_A_NAME: Final = re.compile(r"[^A-Za-z0-9_.:-]+")
_MOST_CHARS: Final = 40


def known_stage(span: SpanTold) -> str | None:
    """None where nothing that is known says it: it then has the name of the span."""
    for attribute, stages in _BY_ATTRIBUTE.items():
        if (stage := stages.get(span.words.get(attribute, ""))) is not None:
            return stage
    if (span.words.get("db.system.name") or span.words.get("db.system", "")).lower() in _STORES:
        return "retrieval"
    if span.kind == "client" and (stage := _BY_PATH.get(span.path.rstrip("/").rpartition("/")[2])) is not None:
        return stage
    lowered = span.name.lower()
    first, _, _ = lowered.partition(" ")
    return _BY_NAME.get(re.sub(r"[^a-z0-9]+", "_", lowered).strip("_")) or _BY_NAME.get(first)


def own_name(span: SpanTold) -> str:
    """The span's name as that of a stage: `ragmeter.core.requests.stage_names`."""
    name = _NOT_OF_A_NAME.sub("_", span.name).strip("_")
    if not name or not name[0].isalpha():
        name = f"span_{name}".rstrip("_")
    return f"span_{name}"[:_MOST_CHARS] if name in OURS or name == LLM else name[:_MOST_CHARS]
