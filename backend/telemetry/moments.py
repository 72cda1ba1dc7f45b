"""What was measured of one query, as those who tell of it get it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryMoments:
    """Of one query, when it is over. Clock readings are perf_counter_ns; None is what has not happened or is not known.

    Queue, embedding, retrieval and the search by words, where there was one, are lengths, and the last of them ended at
    `retrieved_ns`, where the reranker began. reranked: passages that it was given. documents: passages kept.
    """

    request_id: str
    docset: str
    k: int
    model_id: str
    queue_ms: float
    embedding_ms: float
    retrieval_ms: float
    lexical_ms: float | None
    rerank_ms: float | None
    reranker: str
    reranked: int | None
    documents: int
    retrieved_ns: int | None
    asked_ns: int | None
    first_ns: int | None
    ended_ns: int | None
    finish_reason: str | None
    prompt_tokens: int | None
    output_tokens: int | None
