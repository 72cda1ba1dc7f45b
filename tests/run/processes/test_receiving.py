"""The process that receives spans: what a real exporter sends, and what is refused."""

import gzip
import os
import socket
import zlib
from collections.abc import Iterator
from dataclasses import replace

import httpx
import psutil
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ragmeter.clients.connection.transport import HttpRequest
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.listen import Address
from ragmeter.core.requests.records import RequestSample
from ragmeter.run.load.tracing import in_a_trace
from ragmeter.run.processes import receiving
from ragmeter.run.processes.receiver import MOST_BYTES
from ragmeter.run.processes.receiving import Receiver, check_receivable
from tests.core.samples import sample
from tests.waiting import wait_until

PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver(Address.parse("0")) as found:
        yield found


def post(receiver: Receiver, body: bytes, **headers: str) -> httpx.Response:
    named = PROTOBUF | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{receiver.url}/v1/traces", content=body, headers=named, trust_env=False)


def traced_sample() -> tuple[RequestSample, dict[str, str]]:
    """A request as the load sends it, and its headers."""
    request, trace_id = in_a_trace(HttpRequest(method="POST", path="/", headers=(("TraceParent", "of all"),)))
    return replace(sample(), sent_trace_id=trace_id), dict(request.headers)


@pytest.mark.parametrize("compression", list(Compression))
def test_a_real_exporter_sends_and_the_trace_is_of_its_request(receiver: Receiver, compression: Compression) -> None:
    one, headers = traced_sample()
    provider = TracerProvider(resource=Resource.create({"service.name": "mine"}))
    exporter = OTLPSpanExporter(endpoint=f"{receiver.url}/v1/traces", compression=compression)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    context = TraceContextTextMapPropagator().extract(headers)
    whole = tracer.start_as_current_span("POST /", context=context, kind=SpanKind.SERVER)
    with whole, tracer.start_as_current_span("rerank"):
        pass
    with tracer.start_as_current_span("of another trace"):
        pass
    provider.shutdown()
    receiver.wait_for([one], patience_s=30)
    (trace,), received = receiver.taken([one])
    assert trace.trace_id == one.sent_trace_id
    assert {span.name: span.service for span in trace.spans} == {"POST /": "mine", "rerank": "mine"}
    assert (received.spans, received.left_out) == (2, 0)
    assert received.others > 0
    assert receiver.taken([one])[0] == ()


def test_json_is_taken_and_answered_as_json(receiver: Receiver) -> None:
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "rerank"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    answered = httpx.post(f"{receiver.url}/v1/traces", json=body, trust_env=False)
    assert (answered.status_code, answered.json()) == (200, {})
    assert answered.headers["content-type"].startswith("application/json")
    one = replace(sample(), sent_trace_id="ab" * 16)
    wait_until(lambda: receiver._traces.get("ab" * 16), 30)
    assert receiver.taken([one])[0][0].spans[0].name == "rerank"


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"\xff\xff", {}, 400, "not an ExportTraceServiceRequest in protobuf"),
        (b"", {"content_type": "text/plain"}, 415, "content type"),
        (b"", {"content_encoding": "snappy"}, 415, "content encoding"),
        (b"not gzip", {"content_encoding": "gzip"}, 400, "cannot be unpacked"),
        (gzip.compress(bytes(range(256)))[:-60], {"content_encoding": "gzip"}, 400, "not an Export"),
        (bytes(MOST_BYTES + 1), {}, 413, "longer than"),
        (gzip.compress(bytes(20 * MOST_BYTES)), {"content_encoding": "gzip"}, 413, "longer than"),
        (zlib.compress(bytes(2 * MOST_BYTES)), {"content_encoding": "deflate"}, 413, "longer than"),
    ],
    ids=["not", "type", "encoding", "gzip", "cut", "long", "bomb", "deflated"],
)
def test_what_cannot_be_taken_is_refused_and_the_next_body_is_taken(
    receiver: Receiver, body: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    answered = post(receiver, body, **headers)
    assert answered.status_code == status
    told = Status.FromString(answered.content).message
    assert words in told
    assert post(receiver, b"").status_code == 200
    wait_until(lambda: any(reason.startswith(str(status)) for reason in receiver._refused), 30)


def test_other_paths_and_methods_are_not_there(receiver: Receiver) -> None:
    assert httpx.post(f"{receiver.url}/v1/metrics", trust_env=False).status_code == 404
    assert httpx.get(f"{receiver.url}/v1/traces", trust_env=False).status_code == 405


def test_what_is_kept_has_an_end_and_what_is_left_out_is_counted(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "MOST_SPANS", receiver._kept + 1)
    before = receiver._left_out
    spans = [{"traceId": "ef" * 16, "spanId": f"{number:016x}", "name": "s"} for number in (1, 2, 3)]
    body = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    httpx.post(f"{receiver.url}/v1/traces", json=body, trust_env=False)
    wait_until(lambda: receiver._left_out > before, 30)
    traces, received = receiver.taken([replace(sample(), sent_trace_id="ef" * 16)])
    assert (len(traces[0].spans), received.left_out - before) == (1, 2)


def test_spans_that_never_come_are_not_waited_for_for_ever(receiver: Receiver) -> None:
    one, _ = traced_sample()
    receiver.wait_for([one], patience_s=0.2)
    assert receiver.taken([one])[0] == ()


def test_an_address_that_is_taken_is_refused_in_a_sentence(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2]
    second = Receiver(Address.parse(port))
    try:
        with pytest.raises(ConfigError, match=rf"--bench-otlp 127.0.0.1:{port}: nothing can listen there: .*in use"):
            second.start()
    finally:
        second.close()


def test_the_process_is_gone_with_its_session() -> None:
    with Receiver(Address.parse("0")) as one:
        assert one._child is not None
        child = psutil.Process(one._child.pid)
        port = int(one.url.rpartition(":")[2])
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
    assert os.getpid() != child.pid


def test_without_its_packages_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    check_receivable()
    monkeypatch.setattr(receiving, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match=r"needs aiohttp, .*opentelemetry-proto: pip install 'ragmeter\[otlp\]'"):
        check_receivable()


@pytest.mark.parametrize(
    ("text", "shown", "loopback", "reached"),
    [
        ("4318", "127.0.0.1:4318", True, "127.0.0.1:4318"),
        ("0", "127.0.0.1:0", True, "127.0.0.1:4318"),
        ("0.0.0.0:4318", "0.0.0.0:4318", False, "127.0.0.1:4318"),
        ("[::1]:4318", "[::1]:4318", True, "[::1]:4318"),
        ("[::]:4318", "[::]:4318", False, "[::1]:4318"),
        ("10.0.0.7:4318", "10.0.0.7:4318", False, "10.0.0.7:4318"),
    ],
)
def test_addresses(text: str, shown: str, loopback: bool, reached: str) -> None:
    found = Address.parse(text)
    assert (str(found), found.is_loopback, found.reached(4318)) == (shown, loopback, reached)


@pytest.mark.parametrize("text", ["", "x", "-1", "65536", "localhost:4318", "1.2.3:4", "http://127.0.0.1:4318", ":"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not PORT or ADDRESS:PORT"):
        Address.parse(text)
