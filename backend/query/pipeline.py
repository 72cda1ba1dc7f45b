"""One query from its arrival to its last token. Both query endpoints run through here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ..bodies.query import QueryRequest
from ..errors import BadRequestError, LlmProtocolError
from ..llm.chat import ChatStream
from ..llm.chunks import Delta
from ..llm.client import Llm
from ..llm.counting import Counts
from ..llm.models import shown_name
from ..llm.times import NOTHING_TOLD, LlmTimes
from ..retrieval.batching import Retrieval, RetrievalBatcher
from ..retrieval.filters import Filter
from ..retrieval.modes import Search
from ..retrieval.reranking import Reranker
from ..settings import Settings
from ..telemetry.metrics import Metrics
from ..telemetry.moments import QueryMoments
from ..telemetry.tracing import QueryTrace, Traces
from .admission import Admission
from .prompt import build_messages, passages_given


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    settings: Settings
    batcher: RetrievalBatcher
    reranker: Reranker
    llm: Llm
    admission: Admission
    metrics: Metrics
    traces: Traces | None


@dataclass(slots=True, kw_only=True)
class Answering:
    """The state of one query. Clock readings are perf_counter_ns; None is what has not happened yet.

    reranked: chunks that the reranker was given.
    """

    pipeline: Pipeline
    query: QueryRequest
    request_id: str
    arrival_ns: int
    trace: QueryTrace | None = None
    admission_ms: float = 0.0
    retrieval: Retrieval = field(default_factory=lambda: Retrieval(hits=[], queue_ms=0, embedding_ms=0, retrieval_ms=0))
    retrieved_ns: int | None = None
    reranked: int | None = None
    rerank_ms: float | None = None
    asked_ns: int | None = None
    first_ns: int | None = None
    first_sent_ns: int | None = None
    last_ns: int | None = None
    ended_ns: int | None = None
    counts: Counts = field(default_factory=Counts)
    finish_reason: str | None = None
    llm_round_trip_ms: float | None = None
    llm_begun_ns: int | None = None
    llm_times: LlmTimes = NOTHING_TOLD

    def __post_init__(self) -> None:
        if self.query.session_id is None:
            self.query.session_id = secrets.token_hex(8)
        if self.k > self.pipeline.settings.max_k:
            raise BadRequestError(f"k: {self.k} is more than {self.pipeline.settings.max_k} (RAG_MAX_K)")

    @property
    def k(self) -> int:
        return self.pipeline.settings.top_k if self.query.k is None else self.query.k

    @property
    def reranks(self) -> bool:
        return self.pipeline.settings.rerank if self.query.rerank is None else self.query.rerank

    @property
    def docset(self) -> str:
        return self.query.docset or self.pipeline.settings.docset

    async def retrieve(self) -> None:
        await self.pipeline.llm.settle_model()  # `meta` names it
        if self.k == 0:
            return
        self.retrieval = await self.pipeline.batcher.retrieve(self.query.query, self._search())
        self.retrieved_ns = time.perf_counter_ns()
        self.pipeline.metrics.stage("embedding", self.retrieval.embedding_ms)
        self.pipeline.metrics.stage("retrieval", self.retrieval.retrieval_ms)
        if self.retrieval.lexical_ms is not None:
            self.pipeline.metrics.stage("lexical", self.retrieval.lexical_ms)
        if self.reranks:
            await self._rerank()
        self.pipeline.metrics.retrieved(len(self.retrieval.hits))

    def _search(self) -> Search:
        query, settings = self.query, self.pipeline.settings
        candidates = query.candidates or settings.candidates
        return Search(
            docset=self.docset,
            k=max(self.k, candidates) if self.reranks else self.k,
            mode=query.retrieval_mode or settings.retrieval_mode,
            candidates=candidates,
            where=None if query.filter is None else Filter.of(query.filter),
        )

    async def _rerank(self) -> None:
        """Keeps the best k. Chunks of one score stay in the order in which they were found. Raises RerankError."""
        began_ns, hits = time.perf_counter_ns(), self.retrieval.hits
        texts = [hit.chunk.text for hit in hits]
        scores = await self.pipeline.reranker.scores(self.query.query, texts) if hits else []
        ranked = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
        ranked.sort(key=lambda hit: -hit.score)
        self.retrieval = replace(self.retrieval, hits=ranked[: self.k])
        self.reranked, self.rerank_ms = len(hits), (time.perf_counter_ns() - began_ns) / 1e6
        self.pipeline.metrics.stage("rerank", self.rerank_ms)

    async def generate(
        self, emit: Callable[[list[Delta]], Awaitable[None]], finish: Callable[[], Awaitable[None]]
    ) -> None:
        """Streams the LLM's answer into `emit`, then calls `finish`. Raises LlmError."""
        settings, salt = self.pipeline.settings, self.query.cache_salt
        is_field = self.pipeline.llm.takes_cache_salt
        messages = build_messages(
            self.query.query,
            self.retrieval.hits,
            [turn.model_dump() for turn in self.query.history],
            max_chars=settings.context_max_chars,
            nonce=None if is_field else salt,
        )
        max_tokens = self.query.max_tokens or settings.vllm_max_tokens
        self.asked_ns = time.perf_counter_ns()
        headers = self._trace_headers(max_tokens, self.asked_ns)
        async with self.pipeline.llm.chat(
            messages, max_tokens=max_tokens, headers=headers, cache_salt=salt if is_field else None
        ) as stream:
            while deltas := await stream.read():
                await self._pass_on(deltas, emit)
            self._end(stream, max_tokens)
            await finish()
            self._observe()

    def _trace_headers(self, max_tokens: int, asked_ns: int) -> dict[str, str]:
        if self.trace is None:
            return {}
        model_id = shown_name(self.pipeline.llm.requested_model or "unknown")
        return self.trace.ask(model_id=model_id, max_tokens=max_tokens, asked_ns=asked_ns)

    async def _pass_on(self, deltas: list[Delta], emit: Callable[[list[Delta]], Awaitable[None]]) -> None:
        """Reasoning is passed on, too; times are those of the answer's own text."""
        received_ns = time.perf_counter_ns()
        await emit(deltas)
        if all(delta.is_reasoning for delta in deltas):
            return
        self.last_ns = received_ns
        if self.first_ns is None:
            self.first_ns = received_ns
            self.first_sent_ns = time.perf_counter_ns()
            self.pipeline.metrics.first_token((self.first_sent_ns - self.arrival_ns) / 1e6, self._exemplar())

    def _end(self, stream: ChatStream, max_tokens: int) -> None:
        if self.first_ns is None:
            where = f", which is in {stream.elsewhere}" if stream.elsewhere else ""
            kind = " and has only reasoning" if stream.counts.reasoning_bytes else ""
            raise LlmProtocolError(
                f"the LLM ended its answer without text{where}{kind} (finish_reason {stream.finish_reason!r})"
            )
        self.ended_ns = time.perf_counter_ns()
        self.counts = stream.counts
        self.counts.check(max_tokens)
        self.finish_reason = stream.finish_reason
        self.llm_round_trip_ms = stream.round_trip_ms
        self.llm_begun_ns, self.llm_times = stream.begun_ns, stream.times

    def _observe(self) -> None:
        metrics = self.pipeline.metrics
        timings = self.timings()
        metrics.stage("inference", timings["inference_ms"])
        metrics.stage("total", timings["total_ms"], self._exemplar())
        metrics.answer(
            tokens=self.counts.output_tokens,
            prompt_tokens=self.counts.prompt_tokens,
            reasoning_tokens=self.counts.reasoning_tokens,
            tpot_ms=self._tpot_ms(),
            per_s=self.tokens_per_sec,
        )

    def _exemplar(self) -> dict[str, str]:
        named = {"request_id": self.request_id}
        return named if self.trace_id is None else {**named, "trace_id": self.trace_id}

    def _tpot_ms(self) -> float | None:
        """Time per token of the answer's text after those of the first event; reasoning came before."""
        later_tokens = self.counts.later_tokens
        if self.first_ns is None or self.last_ns is None or not later_tokens or later_tokens < 0:
            return None
        return (self.last_ns - self.first_ns) / 1e6 / later_tokens

    @property
    def tokens_per_sec(self) -> float | None:
        """Output tokens over the end-to-end time of the request, in tokens/s; None without a count from the LLM."""
        total_ms = self._since_arrival_ms(self.ended_ns)
        tokens = self.counts.output_tokens
        return None if tokens is None or not total_ms else round(tokens / total_ms * 1e3, 3)

    def _since_arrival_ms(self, moment_ns: int | None) -> float | None:
        return None if moment_ns is None else round((moment_ns - self.arrival_ns) / 1e6, 3)

    def _since_asked_ms(self, moment_ns: int | None) -> float | None:
        return None if moment_ns is None or self.asked_ns is None else round((moment_ns - self.asked_ns) / 1e6, 3)

    def moments(self) -> QueryMoments:
        """What has been measured so far."""
        return QueryMoments(
            request_id=self.request_id,
            docset=self.docset,
            k=self.k,
            model_id=self.pipeline.llm.model_id,
            queue_ms=self.admission_ms + self.retrieval.queue_ms,
            embedding_ms=self.retrieval.embedding_ms,
            retrieval_ms=self.retrieval.retrieval_ms,
            lexical_ms=self.retrieval.lexical_ms,
            rerank_ms=self.rerank_ms,
            reranker=self.pipeline.reranker.identity.model,
            reranked=self.reranked,
            documents=len(self.retrieval.hits),
            retrieved_ns=self.retrieved_ns,
            asked_ns=self.asked_ns,
            first_ns=self.first_ns,
            ended_ns=self.ended_ns,
            finish_reason=self.finish_reason,
            prompt_tokens=self.counts.prompt_tokens,
            output_tokens=self.counts.output_tokens,
        )

    def stage_timings(self) -> dict[str, float]:
        """What is known before the LLM is asked; without a search that was not made."""
        of_some = {"lexical_ms": self.retrieval.lexical_ms, "rerank_ms": self.rerank_ms}
        return {
            "queue_ms": round(self.admission_ms + self.retrieval.queue_ms, 3),
            "embedding_ms": round(self.retrieval.embedding_ms, 3),
            "retrieval_ms": round(self.retrieval.retrieval_ms, 3),
            **{name: round(ms, 3) for name, ms in of_some.items() if ms is not None},
        }

    def timings(self) -> dict[str, Any]:
        return {
            **self.stage_timings(),
            "inference_ttft_ms": self._since_asked_ms(self.first_ns),
            "inference_ms": self._since_asked_ms(self.ended_ns),
            "ttft_ms": self._since_arrival_ms(self.first_sent_ns),
            "total_ms": self._since_arrival_ms(self.ended_ns),
            **self._llm_timings(),
        }

    def _llm_timings(self) -> dict[str, float | None]:
        """The parts of `inference_ms`, where the LLM server or the kernel tells them."""
        told = self.llm_times
        parts = {
            "llm_network_ms": self.llm_round_trip_ms,
            "llm_queue_ms": self._llm_queue_ms() if told.queue_ms is None else told.queue_ms,
            "llm_prefill_ms": told.prefill_ms,
            "llm_decode_ms": told.decode_ms,
        }
        return {name: None if ms is None else round(ms, 3) for name, ms in parts.items()}

    def _llm_queue_ms(self) -> float | None:
        """Until the LLM server said that it begins, without the way there and back."""
        begun_ms = self._since_asked_ms(self.llm_begun_ns)
        return None if begun_ms is None else max(0.0, begun_ms - (self.llm_round_trip_ms or 0.0))

    @property
    def trace_id(self) -> str | None:
        return None if self.trace is None else self.trace.trace_id

    def _identity(self) -> dict[str, Any]:
        return {
            "session_id": self.query.session_id,
            "request_id": self.request_id,
            "trace_id": self.trace_id,
            "replica_id": self.pipeline.settings.replica_id,
            "model_id": self.pipeline.llm.model_id,
            "k": self.k,
        }

    def describe_start(self) -> dict[str, Any]:
        """The `meta` event."""
        documents = [hit.describe() for hit in self.retrieval.hits]
        reranked = {} if self.reranked is None else {"reranked": self.reranked}
        return {
            **self._identity(),
            "docset": self.docset,
            "documents": documents,
            **reranked,
            "timings": self.stage_timings(),
        }

    def describe_end(self) -> dict[str, Any]:
        """The `done` event. Counts are null when the LLM sent none, or one that cannot be: see `refused`."""
        refused = {"refused": self.counts.refused} if self.counts.refused else {}
        max_chars = self.pipeline.settings.context_max_chars
        given = passages_given(self.retrieval.hits, max_chars=max_chars) if self.query.passage_texts else None
        return {
            **self._identity(),
            "docset": self.docset,
            "timings": self.timings(),
            "token_count": self.counts.output_tokens,
            "reasoning_tokens": self.counts.reasoning_tokens,
            "prompt_tokens": self.counts.prompt_tokens,
            "cached_tokens": self.counts.cached_tokens,
            **refused,
            **({} if given is None else {"passages": given}),
            "finish_reason": self.finish_reason,
            "tokens_per_sec": self.tokens_per_sec,
        }

    def describe_error(self, message: str, error_type: str) -> dict[str, Any]:
        """The `error` event, and the body of an HTTP error."""
        return {
            "message": message,
            "type": error_type,
            "session_id": self.query.session_id,
            "request_id": self.request_id,
            "trace_id": self.trace_id,
        }
