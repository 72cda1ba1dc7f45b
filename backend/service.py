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
from .retrieval.index import INDEX_PARAMETERS, Recipe
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
        problems = {"retrieval": self.pipeline.batcher.problem, "llm": await self.readiness.llm_problem()}
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
    """Asks the LLM at most once a second, however many probes there are."""

    llm: Llm
    _asked_s: float = -_READY_CACHE_S
    _problem: str | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def llm_problem(self) -> str | None:
        async with self._turn:
            if time.monotonic() - self._asked_s >= _READY_CACHE_S:
                try:
                    await self.llm.models()
                    self._problem = None
                except LlmError as error:
                    self._problem = str(error)
                self._asked_s = time.monotonic()
            return self._problem


def build_service(settings: Settings, *, loopback: bool) -> Service:
    """Loads the embedder and every docset. Raises ConfigurationError."""
    embedder = Embedder(settings.embedding_model_id, threads=settings.threads)
    faiss.omp_set_num_threads(settings.threads)
    store = Store(settings.data_dir, _recipe(settings, embedder))
    batcher = RetrievalBatcher(embedder, max_batch=settings.embed_batch)
    batcher.warm_up(store.recipe)
    metrics = Metrics(version=__version__, model_id=settings.vllm_model or "unknown", provider=settings.provider or "")
    llm = Llm(settings)
    pipeline = Pipeline(
        settings=settings,
        store=store,
        batcher=batcher,
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
        readiness=Readiness(llm=llm),
        benchmarks=build_benchmarks(settings),
    )


def _recipe(settings: Settings, embedder: Embedder) -> Recipe:
    return Recipe(
        embedding_model_id=embedder.model_id,
        embedding_sha256=embedder.sha256,
        dimension=embedder.dimension,
        chunk_chars=settings.chunk_chars,
        chunk_overlap=settings.chunk_overlap,
        index_type=settings.index_type,
        index_parameters=INDEX_PARAMETERS[settings.index_type],
    )
