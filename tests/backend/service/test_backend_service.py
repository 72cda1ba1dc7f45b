"""The service as its users see it: a real process, the real embedder and index, the real LLM."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import httpx
import pytest

from tests.backend.documents import HTML, make_docx, make_pdf
from tests.backend.running import Backend
from tests.waiting import wait_until

STAGES = ["queue_ms", "embedding_ms", "retrieval_ms"]
LLM_PARTS = ["llm_network_ms", "llm_queue_ms", "llm_prefill_ms", "llm_decode_ms"]


def test_a_stream_is_meta_then_tokens_then_done(service: Backend) -> None:
    events = service.stream("What is a token?", max_tokens=6, k=2, session_id="s-1")
    names = [name for name, _ in events]
    assert names[0] == "meta"
    assert names[-1] == "done"
    assert set(names[1:-1]) == {"token"}
    meta, done = events[0][1], events[-1][1]
    identity = {"session_id", "request_id", "trace_id", "replica_id", "model_id", "k"}
    assert set(meta) == identity | {"docset", "documents", "timings"}
    assert [meta["session_id"], meta["k"], meta["docset"], len(meta["documents"])] == ["s-1", 2, "default", 2]
    assert list(meta["timings"]) == STAGES
    assert done["token_count"] == 6
    assert done["prompt_tokens"] > 20
    assert done["finish_reason"] == "length"
    assert all(meta[key] == done[key] for key in ("session_id", "request_id", "replica_id", "model_id", "k"))


def test_the_stages_add_up_within_the_total(service: Backend) -> None:
    timings = service.stream(max_tokens=4)[-1][1]["timings"]
    assert list(timings) == [*STAGES, "inference_ttft_ms", "inference_ms", "ttft_ms", "total_ms", *LLM_PARTS]
    before_ms = sum(timings[stage] for stage in STAGES)
    assert before_ms + timings["inference_ttft_ms"] <= timings["ttft_ms"] <= timings["total_ms"]
    assert before_ms + timings["inference_ms"] <= timings["total_ms"] + 0.01


def test_the_llm_server_tells_the_parts_of_its_time(service: Backend) -> None:
    timings = service.stream(max_tokens=4)[-1][1]["timings"]
    if sys.platform == "linux":
        assert 0 < timings["llm_network_ms"] <= timings["inference_ttft_ms"]
    assert (timings["llm_network_ms"] or 0) + timings["llm_queue_ms"] <= timings["inference_ttft_ms"] + 0.01
    assert timings["llm_prefill_ms"] > 0
    assert timings["llm_decode_ms"] > 0
    assert timings["llm_prefill_ms"] + timings["llm_decode_ms"] <= timings["inference_ms"]


def test_the_passage_that_answers_is_named_by_file_and_chunk(service: Backend) -> None:
    documents = service.stream("What does a GPU node cost per hour?", max_tokens=1, k=1)[0][1]["documents"]
    assert [set(document) for document in documents] == [{"id", "score", "meta"}]
    meta = documents[0]["meta"]
    assert (meta["name"], meta["section"]) == ("guide.md", "Prices")
    assert documents[0]["id"] == f"guide.md#{meta['chunk']}"
    assert 0.3 < documents[0]["score"] <= 1


@pytest.mark.parametrize(
    ("mode", "stages"),
    [
        ("dense", STAGES),
        ("lexical", [*STAGES, "lexical_ms"]),
        ("hybrid", [*STAGES, "lexical_ms"]),
        (None, STAGES),
    ],
)
def test_a_query_chooses_how_it_is_searched(service: Backend, mode: str | None, stages: list[str]) -> None:
    """Only one passage has the word; and the search by words has a time of its own, on every way it is told."""
    before = service.http.get("/stats").json()["timings"]["lexical"]["count"]
    query = {"query": "gigabyte", "k": 3, "candidates": 2, "retrieval_mode": mode, "max_tokens": 1}
    response = service.http.post("/query/stream", json={name: value for name, value in query.items() if value})
    meta = json.loads(response.text.partition("data: ")[2].splitlines()[0])
    assert list(meta["timings"]) == stages
    assert meta["documents"][0]["meta"]["section"] == "Prices"
    assert len(meta["documents"]) == {"lexical": 1}.get(str(mode), 3)
    assert ("lexical" in response.headers["server-timing"]) == ("lexical_ms" in stages)
    assert service.http.get("/stats").json()["timings"]["lexical"]["count"] - before == ("lexical_ms" in stages)
    if mode == "lexical":
        assert meta["timings"]["embedding_ms"] == 0
        assert meta["timings"]["lexical_ms"] > 0


def test_a_query_has_what_is_found_reranked(service: Backend) -> None:
    """Of three candidates two are kept; a stage of its own on every way that times are told."""
    before = service.http.get("/stats").json()["timings"]["rerank"]["count"]
    query = {"query": "What does a GPU node cost?", "k": 2, "candidates": 3, "max_tokens": 1}
    plain, reranked = (
        service.http.post("/query/stream", json={**query, "rerank": reranks}) for reranks in (False, True)
    )
    metas = [json.loads(each.text.partition("data: ")[2].splitlines()[0]) for each in (plain, reranked)]
    assert [list(meta["timings"]) for meta in metas] == [STAGES, [*STAGES, "rerank_ms"]]
    assert [len(meta["documents"]) for meta in metas] == [2, 2]
    assert [meta.get("reranked") for meta in metas] == [None, 3]
    assert "rerank;dur=" in reranked.headers["server-timing"]
    scores = [document["score"] for document in metas[1]["documents"]]
    assert scores == sorted(scores, reverse=True)
    assert metas[1]["documents"][0]["meta"]["section"] == "Prices"
    assert service.http.get("/stats").json()["timings"]["rerank"]["count"] - before == 1
    assert service.metric('rag_latency_seconds_count{stage="rerank"}') >= 1


def test_a_query_is_answered_from_documents_that_pass_its_filter(service: Backend) -> None:
    documents = [
        {"content": f"A pump of {language}.", "meta": {"name": f"{language}.md", "language": language}}
        for language in ("en", "de")
    ]
    assert service.http.post("/ingest", json={"documents": documents, "docset": "pumps"}).json()["ingested"] == 2
    for mode in ("dense", "lexical", "hybrid"):
        for given, names in (({"language": "de"}, ["de.md"]), ({"language": ["x"], "kind": "md"}, [])):
            meta = service.stream("pump", docset="pumps", filter=given, retrieval_mode=mode, rerank=True, max_tokens=1)
            assert [document["meta"]["name"] for document in meta[0][1]["documents"]] == names
            assert meta[0][1]["reranked"] == len(names)


def test_k_zero_asks_the_llm_without_retrieval(service: Backend) -> None:
    events = service.stream(k=0, max_tokens=2)
    assert events[0][1]["documents"] == []
    assert events[0][1]["timings"] == dict.fromkeys(STAGES, 0)
    assert events[-1][1]["token_count"] == 2


def test_the_context_is_bounded_and_the_documents_are_not(service: Backend) -> None:
    long_text = "\n\n".join(f"Lemma {number}: " + "every token is a token. " * 6 for number in range(8))
    service.ingest({"long.md": long_text}, docset="long")
    meta, *_, done = [event for _, event in service.stream("tokens", k=8, docset="long", max_tokens=1)]
    assert len(meta["documents"]) == 8
    assert done["prompt_tokens"] < 200  # 300 characters of context, not 1,200
    assert service.http.get("/info").json()["context_max_chars"] == 300


def test_headers_tell_the_stages_the_request_and_the_replica(service: Backend) -> None:
    body = {"query": "What is TTFT?", "max_tokens": 1}
    with service.http.stream("POST", "/query/stream", json=body, headers={"x-request-id": "abc-1"}) as response:
        response.read()
    pattern = r"queue;dur=[\d.]+, embedding;dur=[\d.]+, retrieval;dur=[\d.]+"
    assert re.fullmatch(pattern, response.headers["server-timing"])
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-request-id"] == "abc-1"
    assert response.headers["x-replica-id"] == service.http.get("/info").json()["replica_id"]


def test_query_gives_the_whole_answer_with_usage(service: Backend) -> None:
    answer = service.http.post("/query", json={"query": "Say hello.", "max_tokens": 5, "k": 1}).json()
    assert answer["answer"]
    assert answer["usage"]["completion_tokens"] == answer["token_count"] == 5
    assert len(answer["documents"]) == 1
    assert answer["timings"]["total_ms"] > 0


def test_history_reaches_the_llm(service: Backend) -> None:
    history = [{"role": "user", "content": "word " * 50}, {"role": "assistant", "content": "yes " * 50}]
    without = service.stream(k=0, max_tokens=1)[-1][1]["prompt_tokens"]
    assert service.stream(k=0, max_tokens=1, history=history)[-1][1]["prompt_tokens"] > without + 90


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 422, "query: Field required"),
        ({"query": ""}, 422, "query: String should have at least 1 character"),
        ({"query": "x", "k": -1}, 422, "k: Input should be greater than or equal to 0 (-1)"),
        ({"query": "x", "k": "5"}, 422, "k: Input should be a valid integer ('5')"),
        ({"query": "x", "k": 101}, 400, "k: 101 is more than 100 (RAG_MAX_K)"),
        ({"query": "x", "top_k": 3}, 422, "top_k: Extra inputs are not permitted (3)"),
        ({"query": "x", "max_tokens": 0}, 422, "max_tokens: Input should be greater than or equal to 1 (0)"),
        (
            {"query": "x", "retrieval_mode": "bm25"},
            422,
            "retrieval_mode: Input should be 'dense', 'lexical' or 'hybrid'",
        ),
        ({"query": "x", "candidates": 0}, 422, "candidates: Input should be greater than or equal to 1 (0)"),
        ({"query": "x", "filter": {}}, 422, "filter: a filter is an object of 1 to 16 fields ({})"),
        (
            {"query": "x", "filter": {"a": []}},
            422,
            "filter: a field has a text, a number, true or false, or a list of 1",
        ),
        ({"query": "x", "filter": {"a": None}}, 422, "filter: a field has a text, a number, true or false, or a list"),
        (
            {"query": "x", "filter": {"lang": "en"}},
            400,
            "filter: 'lang' is no field of the documents of default; there",
        ),
        ({"query": "x", "rerank": "on"}, 422, "rerank: Input should be a valid boolean ('on')"),
        ({"query": "x", "docset": "../etc"}, 422, "docset: String should match pattern"),
        ({"query": "x", "docset": "none"}, 404, "docset: 'none' does not exist; there are: default"),
        ({"query": "x", "history": [{"role": "system", "content": ""}]}, 422, "history.0.role: Input should be 'user'"),
    ],
)
@pytest.mark.parametrize("path", ["/query", "/query/stream"])
def test_a_wrong_query_is_one_sentence(
    service: Backend, path: str, body: dict[str, Any], status: int, message: str
) -> None:
    response = service.http.post(path, json=body)
    assert response.status_code == status
    assert response.json()["message"].startswith(message)


def test_every_format_is_ingested_listed_and_deleted(service: Backend) -> None:
    files = [
        ("files", ("storage.html", HTML.encode())),
        ("files", ("net.docx", make_docx())),
        ("files", ("paper.pdf", make_pdf("Goodput counts good requests"))),
        ("file", ("notes.txt", b"A plain note about llamas.")),
        ("files", ("broken.pdf", b"no")),
        ("files", ("tool.exe", b"MZ")),
    ]
    answer = service.http.post("/ingest", files=files, data={"docset": "formats"}).json()
    assert answer["ingested"] == 4
    assert [error["name"] for error in answer["errors"]] == ["broken.pdf", "tool.exe"]
    listed = service.http.get("/documents", params={"docset": "formats"}).json()["documents"]
    assert {entry["name"] for entry in listed} == {"storage.html", "net.docx", "paper.pdf", "notes.txt"}
    found = service.stream("What does goodput count?", docset="formats", k=1, max_tokens=1)[0][1]["documents"]
    assert found[0]["id"] == "paper.pdf#0"
    by_id = next(entry["id"] for entry in listed if entry["name"] == "net.docx")
    body = {"filenames": ["paper.pdf"], "keys": ["notes.txt"], "document_ids": [by_id], "docset": "formats"}
    assert service.http.post("/delete", json=body).json() == {"deleted": 3, "docset": "formats"}
    assert service.http.post("/delete", json={"all": True, "docset": "formats"}).json()["deleted"] == 1
    assert service.stream("goodput", docset="formats", max_tokens=1)[0][1]["documents"] == []


def test_ingesting_again_changes_nothing_and_a_new_text_replaces_the_old(service: Backend) -> None:
    texts = {"a.md": "Alpacas hum.", "docs/b.md": "Bees buzz."}
    assert service.ingest(texts, docset="again")["unchanged"] == 0
    before = service.http.get("/info").json()["docsets"]["again"]
    assert service.ingest(texts, docset="again")["unchanged"] == 2
    assert service.http.get("/info").json()["docsets"]["again"] == before
    service.ingest({"a.md": "Antelopes leap."}, docset="again")
    after = service.http.get("/info").json()["docsets"]["again"]
    assert (after["documents"], after["chunks"]) == (2, 2)
    assert after["hash"] != before["hash"]


def test_texts_without_a_name_get_one_from_their_content(service: Backend) -> None:
    body = {"texts": ["Unnamed words."], "docset": "unnamed"}
    for _ in range(2):
        assert service.http.post("/ingest", json=body).json()["ingested"] == 1
    names = [entry["name"] for entry in service.http.get("/documents?docset=unnamed").json()["documents"]]
    assert len(names) == 1
    assert re.fullmatch(r"text-[0-9a-f]{12}", names[0])


def test_meta_of_a_document_comes_back_with_its_passages(service: Backend) -> None:
    documents = [{"content": "Zebras have stripes.", "meta": {"name": "z.md", "gold": True, "page": 3}}]
    service.http.post("/ingest", json={"documents": documents, "docset": "meta"})
    hit = service.stream("stripes", docset="meta", max_tokens=1)[0][1]["documents"][0]
    assert hit["meta"] == {"name": "z.md", "gold": True, "page": 3, "chunk": 0}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 422, "the request holds no document"),
        ({"texts": [" "]}, 422, "it holds no text"),
        ({"documents": [{"content": "x", "meta": {"name": "../x"}}]}, 422, "document name '../x'"),
        ({"documents": [{"content": "x", "meta": {"name": "x.md", "deep": {}}}]}, 422, "x.md: meta holds plain values"),
        ({"texts": ["x"], "docset": "UPPER"}, 422, "docset: String should match pattern"),
        ({"text": ["x"]}, 422, "text: Extra inputs are not permitted"),
        ({"urls": ["http://1.1.1.1/"]}, 403, "URL ingestion is off: RAG_ALLOW_URLS=1 turns it on"),
    ],
)
def test_what_cannot_be_ingested_says_why(service: Backend, body: dict[str, Any], status: int, message: str) -> None:
    response = service.http.post("/ingest", json=body)
    assert response.status_code == status
    assert message in response.json()["message"]


def test_deleting_nothing_in_particular_is_refused(service: Backend) -> None:
    assert service.http.post("/delete", json={}).status_code == 400
    assert service.http.post("/delete", json={"all": True, "docset": "none"}).status_code == 404


def test_a_web_page_may_not_write(service: Backend) -> None:
    response = service.http.post("/delete", json={"all": True}, headers={"origin": "https://evil.example"})
    assert response.status_code == 403
    assert "evil.example" in response.json()["message"]


def test_info_tells_what_the_metadata_of_a_run_needs(service: Backend) -> None:
    info = service.http.get("/info").json()
    assert info["model_id"] == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert (info["llm"]["engine"], info["quantization"], info["max_model_len"]) == ("llamacpp", "Q4_1", 2048)
    assert (info["embedding_model_id"], info["embedding_dimension"]) == ("all-MiniLM-L6-v2", 384)
    assert (info["vector_store"], info["index"]["type"]) == ("faiss", "flat")
    assert info["retrieval"] == {
        "mode": "dense",
        "candidates": 50,
        "rerank": False,
        "reranker": "late_interaction all-MiniLM-L6-v2",
    }
    assert info["provider"] == "here"
    assert info["docsets"]["default"]["documents"] == 1
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", info["docsets"]["default"]["hash"])
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", info["prompt_template_hash"])
    assert info["dtype"] is info["vllm_version"] is info["ray_version"] is None


METRICS = """
rag_requests_total rag_errors_total rag_latency_seconds_bucket rag_ttft_seconds_bucket rag_tpot_seconds_bucket
rag_tokens_per_second_bucket rag_tokens_total rag_prompt_tokens_total rag_k_retrieved_bucket rag_inflight_requests
rag_reasoning_tokens_total rag_info
"""


def test_the_metrics_have_the_names_of_the_contract(service: Backend) -> None:
    service.stream(max_tokens=2)
    service.http.post("/query", json={})
    names = {re.split(r"[{ ]", line)[0] for line in service.http.get("/metrics").text.splitlines() if line[0] != "#"}
    assert [name for name in METRICS.split() if name not in names] == []


def test_counters_move_by_what_was_answered_and_probes_do_not_count(service: Backend) -> None:
    series = ['rag_requests_total{endpoint="/query/stream"}', "rag_tokens_total", "rag_ttft_seconds_count"]
    stages = [
        f'rag_latency_seconds_count{{stage="{stage}"}}' for stage in ("embedding", "retrieval", "inference", "total")
    ]
    before = [service.metric(name) for name in series + stages]
    done = service.stream(max_tokens=3)[-1][1]
    for path in ("/healthz", "/readyz", "/metrics", "/stats", "/info"):
        assert service.http.get(path).status_code == 200
    after = [service.metric(name) for name in series + stages]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, done["token_count"], 1, 1, 1, 1, 1]
    total = "rag_requests_total{endpoint="
    endpoints = re.findall(re.escape(total) + r'"([^"]+)"', service.http.get("/metrics").text)
    assert sorted(endpoints) == ["/delete", "/documents", "/ingest", "/query", "/query/stream"]


def test_latency_buckets_reach_from_2_ms_to_120_s(service: Backend) -> None:
    bounds = re.findall(r'rag_latency_seconds_bucket\{le="([\d.]+)",stage="total"\}', service.http.get("/metrics").text)
    assert (float(bounds[0]), float(bounds[-1])) == (0.002, 120.0)


STAGES_OF_A_QUERY = ("embedding", "retrieval", "lexical", "rerank", "inference")


def test_stats_keep_the_predecessors_shape(service: Backend) -> None:
    service.stream(max_tokens=1)
    stats = service.http.get("/stats").json()
    assert stats["provider"] == "here"
    assert set(stats["timings"]) == {"ttft", "ingest", "total", *STAGES_OF_A_QUERY}
    assert all(set(timing) == {"avg_ms", "p95_ms", "count"} for timing in stats["timings"].values())
    assert stats["timings"]["ttft"]["avg_ms"] > 0


def test_the_schema_describes_every_endpoint(service: Backend) -> None:
    paths = service.http.get("/openapi.json").json()["paths"]
    wanted = "/healthz /readyz /metrics /stats /info /ingest /documents /delete /query /query/stream"
    runs = {f"/benchmark/{name}" for name in ("run", "status", "logs", "results")}
    assert set(paths) == set(wanted.split()) | runs


def test_unknown_paths_and_methods_answer_in_the_same_shape(service: Backend) -> None:
    for path, status in (("/nowhere", 404), ("/query", 405), ("/ingest", 405)):
        response = service.http.get(path)
        assert response.status_code == status
        assert set(response.json()) == {"message", "type", "request_id"}


def test_logs_hold_no_query_text(service: Backend) -> None:
    service.stream("a very secret question", max_tokens=1)
    before = len(service.logs)
    service.stream("another question", max_tokens=1, session_id="s")
    lines = wait_until(lambda: service.logs[before:] or None, 60)
    assert {line["event"] for line in lines} == {"query"}
    assert "question" not in str(service.logs)


def test_a_body_beyond_its_bound_is_refused(service: Backend) -> None:
    response = httpx.post(service.url + "/query", content=b" " * (4 * 2**20 + 1), timeout=10)
    assert response.status_code == 413
    assert response.json()["type"] == "too_large"
