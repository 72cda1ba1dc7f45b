"""What a client sees when the LLM, the network or the client itself fails. The LLM here is a fake."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from tests.backend.fake_llm import FakeLlm, Reply, drip, hello, slowly, wordless
from tests.backend.running import Backend, Events, read_events
from tests.waiting import wait_until

DEADLINE_S = 60.0


def cut(reply: Reply) -> None:
    reply.words("one", "two")
    reply.cut()


def stall(reply: Reply) -> None:
    reply.words("one")
    reply.wait_for_close()


def no_text(reply: Reply) -> None:
    reply.words()
    reply.end()


def refuse(reply: Reply) -> None:
    reply.answer(400, {"error": {"message": "context too long"}})


@pytest.mark.parametrize(
    ("script", "error_type", "words"),
    [
        (cut, "llm_cut", ["one", "two"]),
        (stall, "llm_timeout", ["one"]),
        (no_text, "llm_protocol", []),
        (refuse, "llm_status", []),
    ],
)
def test_an_llm_that_fails_ends_the_stream_with_an_error_event(
    fake_service: Backend, fake: FakeLlm, script: Callable[[Reply], None], error_type: str, words: list[str]
) -> None:
    series = f'rag_errors_total{{endpoint="/query/stream",type="{error_type}"}}'
    before = fake_service.metric(series)
    fake.script = script
    events = fake_service.stream(k=0)
    assert [name for name, _ in events] == ["meta", *["token"] * len(words), "error"]
    assert [event["text"] for name, event in events if name == "token"] == words
    error = events[-1][1]
    assert set(error) == {"message", "type", "session_id", "request_id", "trace_id"}
    assert error["type"] == error_type
    assert error["request_id"] == events[0][1]["request_id"]
    assert fake_service.metric(series) == before + 1
    fake.script = hello
    assert fake_service.stream(k=0)[-1][0] == "done"


def test_query_reports_a_failing_llm_as_a_gateway_error(fake_service: Backend, fake: FakeLlm) -> None:
    fake.script = refuse
    response = fake_service.http.post("/query", json={"query": "x", "k": 0})
    assert response.status_code == 502
    assert response.json()["message"] == "the LLM answers with HTTP 400: context too long"


def test_without_usage_the_counts_are_null(fake_service: Backend, fake: FakeLlm) -> None:
    def script(reply: Reply) -> None:
        reply.words("a", "b")
        reply.end(usage=None)

    fake.script = script
    done = fake_service.stream(k=0)[-1][1]
    assert (done["token_count"], done["prompt_tokens"], done["tokens_per_sec"]) == (None, None, None)


def test_each_event_of_the_llm_is_one_token_event(fake_service: Backend, fake: FakeLlm) -> None:
    def script(reply: Reply) -> None:
        reply.start()
        deltas = "".join(
            f'data: {{"choices": [{{"delta": {{"content": "{text}"}}}}]}}\n\n' for text in ("a", "\\n", '\\"é\\ud83d')
        )
        reply.raw(deltas.encode())
        reply.end()

    fake.script = script
    events = fake_service.stream(k=0)
    assert [event["text"] for name, event in events if name == "token"] == ["a", "\n", '"é\ud83d']
    assert events[-1][1]["token_count"] == 3


def test_k_and_max_tokens_and_context_reach_the_llm(fake_service: Backend, fake: FakeLlm) -> None:
    fake_service.ingest({"fox.md": "The fox is brown."}, docset="fox")
    fake_service.stream("Which colour?", docset="fox", k=1, max_tokens=77)
    sent = fake.requests[-1]
    assert sent["max_tokens"] == 77
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert "[1] fox.md\nThe fox is brown." in sent["messages"][1]["content"]
    assert sent["messages"][1]["content"].endswith("Question: Which colour?")


def test_a_client_that_goes_away_cancels_its_generation(fake_service: Backend, fake: FakeLlm) -> None:
    series = 'rag_errors_total{endpoint="/query/stream",type="client_gone"}'
    before = fake_service.metric(series)
    fake.script = drip
    with httpx.stream("POST", fake_service.url + "/query/stream", json={"query": "x", "k": 0}) as response:
        for line in response.iter_lines():
            if line == "event: token":
                break
    assert fake.cancelled.wait(DEADLINE_S)
    wait_until(lambda: True if fake_service.metric(series) == before + 1 else None, DEADLINE_S)
    wait_until(lambda: True if fake_service.metric("rag_inflight_requests") == 0 else None, DEADLINE_S)


def test_an_answer_is_good_before_the_llm_has_closed_its_chunked_body(fake_service: Backend, fake: FakeLlm) -> None:
    ports = []

    def late_terminator(reply: Reply) -> None:
        ports.append(reply.client_address[1])
        reply.words("a")
        reply.delta({}, "stop")
        reply.raw(b"data: [DONE]\n\n")
        time.sleep(0.1)
        reply.wfile.write(b"0\r\n\r\n")

    series = 'rag_errors_total{endpoint="/query/stream",type="client_gone"}'
    before = fake_service.metric(series)
    fake.script = late_terminator
    for _ in range(2):
        assert fake_service.stream(k=0)[-1][0] == "done"
        wait_until(lambda: True if fake_service.metric("rag_inflight_requests") == 0 else None, DEADLINE_S)
    assert fake_service.metric(series) == before
    assert len(set(ports)) == 1


def test_a_client_that_goes_away_before_the_first_token_cancels_too(fake_service: Backend, fake: FakeLlm) -> None:
    """Before the LLM is given up for its silence, too: the error that is counted is the client's."""

    series = 'rag_errors_total{endpoint="/query",type="client_gone"}'
    before = fake_service.metric(series)
    fake.script = wordless
    client = HTTPConnection(urlsplit(fake_service.url).netloc, timeout=DEADLINE_S)
    client.request("POST", "/query", json.dumps({"query": "x", "k": 0}), {"content-type": "application/json"})
    wait_until(lambda: True if fake.requests else None, DEADLINE_S)
    client.close()
    assert fake.cancelled.wait(DEADLINE_S)
    wait_until(lambda: True if fake_service.metric(series) == before + 1 else None, DEADLINE_S)


def test_a_trickle_without_end_is_stopped_by_the_deadline_of_the_request(fake_service: Backend, fake: FakeLlm) -> None:
    fake.script = drip
    events = fake_service.stream(k=0)
    assert events[-1][0] == "error"
    assert events[-1][1]["type"] == "timeout"
    assert events[-1][1]["message"] == "not answered in 2 s (RAG_REQUEST_TIMEOUT_SECONDS)"
    assert fake.cancelled.wait(DEADLINE_S)


def test_overload_is_refused_with_retry_after_and_the_queue_is_served(fake_service: Backend, fake: FakeLlm) -> None:
    gate = threading.Event()
    fake.script = slowly(gate)
    with ThreadPoolExecutor(3) as clients:
        running = [clients.submit(fake_service.stream, k=0) for _ in range(2)]
        wait_until(lambda: len(fake.requests) == 2 or None, DEADLINE_S)
        queued = clients.submit(wait_until, lambda: let_in(fake_service), DEADLINE_S)
        refused = wait_until(lambda: refusal(fake_service), DEADLINE_S)
        gate.set()
        ends = [events.result(DEADLINE_S)[-1] for events in (*running, queued)]
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["type"] == "overloaded"
    assert [name for name, _ in ends] == ["done"] * 3
    assert ends[-1][1]["timings"]["queue_ms"] > 0


def let_in(service: Backend) -> Events | None:
    """The events of a query; None when it was refused, because one of `refusal` had the place in the queue."""
    with service.http.stream("POST", "/query/stream", json={"query": "x", "k": 0}) as response:
        return list(read_events(response)) if response.status_code == 200 else None


def refusal(service: Backend) -> httpx.Response | None:
    """A 503, once both places and the queue are taken; a query that is let in gives up at once."""
    try:
        response = httpx.post(service.url + "/query", json={"query": "x", "k": 0}, timeout=0.05)
    except httpx.TimeoutException:
        return None
    return response if response.status_code == 503 else None


def test_an_llm_that_is_not_there_makes_the_service_not_ready(fake_service: Backend, fake: FakeLlm) -> None:
    fake.models_status = 500
    response = wait_until(lambda: not_ready(fake_service), DEADLINE_S)
    assert "HTTP 500" in response.json()["missing"]["llm"]
    assert fake_service.http.get("/healthz").json()["status"] == "ok"
    fake.models_status = 200
    wait_until(lambda: True if fake_service.http.get("/readyz").status_code == 200 else None, DEADLINE_S)


def not_ready(service: Backend) -> httpx.Response | None:
    response = service.http.get("/readyz")
    return response if response.status_code == 503 else None
