"""Bodies of OTLP: what is kept of a span, the same of protobuf and of JSON."""

import json

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from ragmeter.clients.observe.otlp import JSON, MOST_CHARS, PROTOBUF, BadBody, answer, refusal, spans_of

TRACE_ID, SPAN_ID, PARENT_ID = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174", "eee19b7ec3c1b173"
DOCUMENT = {
    "resourceSpans": [
        {
            "resource": {
                "attributes": [
                    {"key": "service.name", "value": {"stringValue": "my.service"}},
                    {"key": "process.pid", "value": {"intValue": "17"}},
                ]
            },
            "scopeSpans": [
                {
                    "scope": {"name": "my.library"},
                    "spans": [
                        {
                            "traceId": TRACE_ID.upper(),
                            "spanId": SPAN_ID,
                            "parentSpanId": PARENT_ID,
                            "name": "chat m",
                            "startTimeUnixNano": "1544712660000000000",
                            "endTimeUnixNano": "1544712661000000000",
                            "kind": 3,
                            "flags": 257,
                            "ofTheFuture": True,
                            "attributes": [
                                {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                                {"key": "gen_ai.response.time_to_first_chunk", "value": {"doubleValue": 0.25}},
                                {"key": "gen_ai.latency.time_in_queue", "value": {"intValue": "1"}},
                                {"key": "gen_ai.latency.time_in_model_prefill", "value": {"doubleValue": -1}},
                                {"key": "gen_ai.input.messages", "value": {"stringValue": "a secret question"}},
                                {"key": "url.full", "value": {"stringValue": "http://llm/v1/chat?key=secret#secret"}},
                            ],
                            "events": [
                                {"timeUnixNano": "1544712660300000000", "name": "First Token Stream Event"},
                                {"timeUnixNano": "1544712660200000000", "name": "a secret event"},
                            ],
                        },
                        {
                            "traceId": TRACE_ID,
                            "spanId": "eee19b7ec3c1b175",
                            "name": "POST /query http send",
                            "attributes": [{"key": "asgi.event.type", "value": {"stringValue": "http.response.body"}}],
                        },
                        {"traceId": "", "spanId": "", "name": "without an id"},
                    ],
                }
            ],
        }
    ]
}


def protobuf() -> bytes:
    """The document, made by the library itself: ids are bytes there."""
    request = ExportTraceServiceRequest()
    (at,) = DOCUMENT["resourceSpans"]
    resource = request.resource_spans.add()
    for pair in at["resource"]["attributes"]:  # type: ignore[index]
        value = resource.resource.attributes.add(key=pair["key"]).value
        if "stringValue" in pair["value"]:
            value.string_value = pair["value"]["stringValue"]
        else:
            value.int_value = int(pair["value"]["intValue"])
    scope = resource.scope_spans.add()
    for told in at["scopeSpans"][0]["spans"]:  # type: ignore[index]
        span = scope.spans.add(name=told["name"], kind=told.get("kind", 0))
        span.trace_id, span.span_id = bytes.fromhex(told["traceId"]), bytes.fromhex(told["spanId"])
        span.parent_span_id = bytes.fromhex(told.get("parentSpanId", ""))
        span.start_time_unix_nano = int(told.get("startTimeUnixNano", 0))
        span.end_time_unix_nano = int(told.get("endTimeUnixNano", 0))
        for pair in told.get("attributes", ()):
            (kind, value), kept = next(iter(pair["value"].items())), span.attributes.add(key=pair["key"]).value
            if kind == "stringValue":
                kept.string_value = value
            elif kind == "doubleValue":
                kept.double_value = value
            else:
                kept.int_value = int(value)
        for event in told.get("events", ()):
            span.events.add(name=event["name"], time_unix_nano=int(event["timeUnixNano"]))
    return bytes(request.SerializeToString())


@pytest.mark.parametrize(("body", "kind"), [(json.dumps(DOCUMENT).encode(), JSON), (protobuf(), PROTOBUF)])
def test_names_lengths_and_ids_are_kept_and_no_text(body: bytes, kind: str) -> None:
    ((trace_id, span),) = spans_of(body, kind)
    assert trace_id == TRACE_ID
    assert (span.span_id, span.parent_id, span.name, span.kind) == (SPAN_ID, PARENT_ID, "chat m", "client")
    assert (span.service, span.path) == ("my.service", "http://llm/v1/chat")
    assert "17" in span.origin
    assert span.ended_ns - span.began_ns == 1_000_000_000
    assert span.first_text_ns == span.began_ns + 300_000_000
    assert span.words == {"gen_ai.operation.name": "chat"}
    assert span.seconds == {"gen_ai.response.time_to_first_chunk": 0.25, "gen_ai.latency.time_in_queue": 1.0}
    assert "secret" not in repr(span)


def test_long_names_are_cut() -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="x" * 5000, kind=99)
    span.trace_id, span.span_id = bytes(15) + b"1", bytes(7) + b"1"
    ((_, kept),) = spans_of(request.SerializeToString(), PROTOBUF)
    assert (len(kept.name), kept.kind) == (MOST_CHARS, "")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xff\xff", PROTOBUF),
        (b"{", JSON),
        (b"[]", JSON),
        (b"null", JSON),
        (b'{"resourceSpans": 3}', JSON),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "no hexadecimal"}]}]}]}', JSON),
        (b"\xff{}", JSON),
        (b"[" * 5000 + b"]" * 5000, JSON),
    ],
)
def test_a_body_that_is_none_is_refused_without_its_words(body: bytes, kind: str) -> None:
    with pytest.raises(BadBody, match=r"^not an ExportTraceServiceRequest in (JSON|protobuf)$"):
        list(spans_of(body, kind))


@pytest.mark.parametrize(("body", "kind"), [(b"", PROTOBUF), (b"{}", JSON)])
def test_an_empty_body_has_no_span(body: bytes, kind: str) -> None:
    assert list(spans_of(body, kind)) == []


def test_answers_are_what_a_sender_reads() -> None:
    assert ExportTraceServiceResponse.FromString(answer(PROTOBUF)) == ExportTraceServiceResponse()
    assert json.loads(answer(JSON)) == {}
    assert Status.FromString(refusal("why", PROTOBUF)).message == "why"
    assert json.loads(refusal("why", JSON)) == {"code": 3, "message": "why"}
