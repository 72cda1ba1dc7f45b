"""Five hundred streams while documents are ingested: each is answered, or told to come back; none hangs."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import httpx

from ragmeter.testing import GroundTruthServer, StreamScript
from tests.backend.running import Backend

STREAMS, INFLIGHT, QUEUE = 500, 40, 20
SCRIPT = StreamScript(ttft_ms=2000, itl_ms=20, tokens=6)
DEADLINE_S = 240.0


async def one(client: httpx.AsyncClient, number: int) -> str:
    """How a stream ended: `done`, or the type of an error that says when to come back."""
    async with client.stream("POST", "/query/stream", json={"query": f"Question {number}?", "k": 3}) as response:
        if response.status_code == 503:
            await response.aread()
            assert response.headers["retry-after"]
            return str(response.json()["type"])
        assert response.status_code == 200, await response.aread()
        said = [line async for line in response.aiter_lines() if line.startswith("event: ")]
        return said[-1].removeprefix("event: ")


async def all_at_once(url: str) -> tuple[Counter[str], list[int]]:
    limits = httpx.Limits(max_connections=STREAMS + 10)
    documents = [{"content": f"Text {number}. " * 60, "meta": {"name": f"{number}.md"}} for number in range(20)]
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=DEADLINE_S) as client:
        ingesting = [
            asyncio.create_task(client.post("/ingest", json={"documents": documents, "docset": f"d{each}"}))
            for each in range(2)
        ]
        async with asyncio.timeout(DEADLINE_S):
            ended = Counter(await asyncio.gather(*(one(client, number) for number in range(STREAMS))))
            return ended, [response.status_code for response in await asyncio.gather(*ingesting)]


def test_streams_are_answered_or_told_to_come_back_while_documents_are_ingested(tmp_path: Path) -> None:
    places = {"RAG_MAX_INFLIGHT": str(INFLIGHT), "RAG_MAX_QUEUE": str(QUEUE), "VLLM_TIMEOUT_SECONDS": "120"}
    with GroundTruthServer(SCRIPT, process=True) as llm:
        backend = Backend(data_dir=tmp_path, llm_url=llm.base_url, **places)
        try:
            backend.ingest({"a.md": "A question has an answer."})
            ended, ingested = asyncio.run(all_at_once(backend.url))
            assert ended.keys() == {"done", "overloaded"}
            assert ended.total() == STREAMS
            assert ended["done"] >= INFLIGHT
            assert ingested == [200, 200]
            assert backend.metric("rag_inflight_requests") == 0
            assert backend.stream("And afterwards?", k=1)[-1][0] == "done"
        finally:
            backend.close()
