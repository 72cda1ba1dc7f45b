"""The parts of a running service, made from its settings, and whether they answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import faiss

from . import __version__
from .benchmarks.benchmarks import Benchmarks, build_benchmarks
from .errors import LlmError
from .ingest.fetch import Fetcher
from .ingest.ingestor import Ingestor
from .ingest.readers import Readers
from .llm.client import Llm
from .query.admission import Admission
from .query.pipeline import Pipeline
from .retrieval.batching import RetrievalBatcher
from .retrieval.embedder import Embedder
from .retrieval.opening import open_store, recipe_of
from .retrieval.reranking import open_reranker
from .retrieval.store import Store
from .settings import Settings
from .telemetry.metrics import Metrics
from .telemetry.tracing import open_traces

_READY_CACHE_S = 1.0


@dataclass(slots=True, kw_only=True)
class Service:
    """`draining` turns true with SIGTERM; nothing else changes after the start."""

    settings: Settings
    loopback: bool
    embedder: Embedder
    store: Store
    ingestor: Ingestor
    readers: Readers
    pipeline: Pipeline
    fetcher: Fetcher
    readiness: Readiness
    benchmarks: Benchmarks | None
    draining: bool = False

    @property
    def metrics(self) -> Metrics:
        return self.pipeline.metrics

    @property
    def llm(self) -> Llm:
        return self.pipeline.llm

    async def missing(self) -> dict[str, str]:
        """The parts that do not answer, each with the reason."""
        if self.draining:
            return {"service": "it is stopping"}
        problems = {"retrieval": self.pipeline.batcher.problem, **await self.readiness.problems()}
        return {part: problem for part, problem in problems.items() if problem is not None}

    def hurry(self) -> None:
        """What changes a docset ends with an error, and the docset stays as it was."""
        self.readers.hurry()
        self.ingestor.hurry()

    def close(self) -> None:
        """Blocks until a running ingest has ended at its next slice."""
        self.readers.stop()
        self.ingestor.stop()
        if self.benchmarks is not None:
            self.benchmarks.close()
        self.pipeline.batcher.close()
        self.llm.close()
        self.store.close()
        if self.pipeline.traces is not None:
            self.pipeline.traces.close()


@dataclass(slots=True, kw_only=True)
class Readiness:
    """Asks LLM and store at most once a second, however many probes there are."""

    llm: Llm
    store: Store
    _asked_s: float = -_READY_CACHE_S
    _problems: dict[str, str | None] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def problems(self) -> dict[str, str | None]:
        async with self._turn:
            if time.monotonic() - self._asked_s >= _READY_CACHE_S:
                llm, store = await asyncio.gather(self._llm_problem(), asyncio.to_thread(self.store.problem))
                self._problems = {"llm": llm, "store": store}
                self._asked_s = time.monotonic()
            return self._problems

    async def _llm_problem(self) -> str | None:
        try:
            await self.llm.models()
        except LlmError as error:
            return str(error)
        return None


def build_service(settings: Settings, *, loopback: bool) -> Service:
    """Loads the embedder and every docset. Raises ConfigurationError."""
    embedder = Embedder(settings.embedding_model_id, threads=settings.threads)
    faiss.omp_set_num_threads(settings.threads)
    store = open_store(settings, recipe_of(settings, embedder))
    batcher = RetrievalBatcher(embedder, store, max_batch=settings.embed_batch)
    batcher.warm_up()
    metrics = Metrics(version=__version__, model_id=settings.vllm_model or "unknown", provider=settings.provider or "")
    llm = Llm(settings)
    pipeline = Pipeline(
        settings=settings,
        batcher=batcher,
        reranker=open_reranker(settings, embedder),
        llm=llm,
        admission=Admission(max_inflight=settings.max_inflight, max_queue=settings.max_queue, gauge=metrics.inflight),
        metrics=metrics,
        traces=open_traces(settings, __version__),
    )
    return Service(
        settings=settings,
        loopback=loopback,
        embedder=embedder,
        store=store,
        ingestor=Ingestor(settings, store, embedder),
        readers=Readers(settings),
        pipeline=pipeline,
        fetcher=Fetcher(max_bytes=settings.url_max_bytes, timeout_s=settings.url_timeout_s),
        readiness=Readiness(llm=llm, store=store),
        benchmarks=build_benchmarks(settings),
    )
