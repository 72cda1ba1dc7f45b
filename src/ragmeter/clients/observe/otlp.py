"""Bodies of OTLP over HTTP: protobuf or JSON to what is kept of spans, and the answers that a sender expects."""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from ragmeter.core.figures.spans.records import KEPT_SECONDS, KEPT_WORDS, SpanTold

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
MOST_CHARS: Final = 100
"""Of a name or a word of a span."""
_KINDS: Final = ("", "internal", "server", "client", "producer", "consumer")
_INVALID_ARGUMENT: Final = 3
_IDS: Final = frozenset({"traceId", "spanId", "parentSpanId"})
_FIRST_TEXT: Final = frozenset({"First Token Stream Event", "llm.content.completion.chunk"})
"""Events by which instrumentations mark the first piece of an answer."""
_PIECE: Final = "asgi.event.type"
"""On a span for each piece of a streamed body, which the ASGI instrumentation makes."""


class BadBody(Exception):  # noqa: N818 - what a body is not
    """A body is no OTLP request, in words without anything of it."""


def spans_of(body: bytes, kind: str) -> Iterator[tuple[str, SpanTold]]:
    """The spans of a request, each with the id of its trace; ids that are none are left out. Raises BadBody at once."""
    request = ExportTraceServiceRequest()
    try:
        if kind == JSON:
            json_format.ParseDict(_document(body), request, ignore_unknown_fields=True)
        else:
            request.ParseFromString(body)
    except (DecodeError, json_format.ParseError, ValueError, TypeError, RecursionError) as error:
        what = "JSON" if kind == JSON else "protobuf"
        raise BadBody(f"not an ExportTraceServiceRequest in {what}") from error
    return _spans(request)


def answer(kind: str) -> bytes:
    """All was taken."""
    return _written(ExportTraceServiceResponse(), kind)


def refusal(words: str, kind: str) -> bytes:
    """The body of an answer with a status of HTTP from 400 on."""
    return _written(Status(code=_INVALID_ARGUMENT, message=words), kind)


def _written(message: Any, kind: str) -> bytes:
    if kind == JSON:
        return str(json_format.MessageToJson(message, indent=None)).encode()
    return bytes(message.SerializeToString())


def _document(body: bytes) -> Any:
    """Raises ValueError for what is no JSON object, and for an id in it that is not hexadecimal."""
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - of the text, as that of json
    return _with_bytes(document)


def _with_bytes(document: Any) -> Any:
    """Ids as protobuf's own JSON has them: OTLP writes them in hexadecimal."""
    if isinstance(document, dict):
        return {
            key: _base64(value) if key in _IDS and isinstance(value, str) else _with_bytes(value)
            for key, value in document.items()
        }
    return [_with_bytes(each) for each in document] if isinstance(document, list) else document


def _base64(text: str) -> str:
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except (ValueError, binascii.Error) as error:
        raise ValueError("an id that is not hexadecimal") from error


def _spans(request: ExportTraceServiceRequest) -> Iterator[tuple[str, SpanTold]]:
    for at in request.resource_spans:
        resource = {pair.key: pair.value.string_value or str(pair.value.int_value) for pair in at.resource.attributes}
        service = resource.get("service.name", "")[:MOST_CHARS]
        origin = _origin(resource)
        for scope in at.scope_spans:
            for span in scope.spans:
                if len(span.trace_id) == 16 and len(span.span_id) == 8:
                    attributes = {pair.key: pair.value for pair in span.attributes}
                    if _PIECE not in attributes:
                        yield span.trace_id.hex(), _kept(span, attributes, origin, service)


def _origin(resource: dict[str, str]) -> str:
    """Of the clock: the process that says which it is; else what is known of where it runs."""
    named = resource.get("service.instance.id")
    if named:
        return f"{resource.get('service.name', '')} {named}"
    places = ("service.name", "host.name", "k8s.pod.uid", "k8s.pod.name", "container.id", "process.pid")
    return " ".join(resource.get(name, "") for name in places)


def _kept(span: Any, attributes: dict[str, Any], origin: str, service: str) -> SpanTold:
    first = [event.time_unix_nano for event in span.events if event.name in _FIRST_TEXT]
    words = {name: attributes[name].string_value[:MOST_CHARS] for name in KEPT_WORDS if name in attributes}
    return SpanTold(
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        name=span.name[:MOST_CHARS],
        kind=_KINDS[span.kind] if 0 <= span.kind < len(_KINDS) else "",
        origin=origin,
        service=service,
        began_ns=span.start_time_unix_nano,
        ended_ns=span.end_time_unix_nano,
        first_text_ns=min(first, default=None),
        path=_path(attributes),
        words={name: value for name, value in words.items() if value},
        seconds={name: value for name in KEPT_SECONDS if (value := _seconds(attributes.get(name))) is not None},
    )


def _path(attributes: dict[str, Any]) -> str:
    """Without a query, which may hold anything."""
    for name in ("url.full", "http.url", "url.path", "http.target"):
        if name in attributes:
            text: str = attributes[name].string_value
            return text.partition("?")[0].partition("#")[0][-MOST_CHARS:]
    return ""


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    kind = value.WhichOneof("value")
    number = value.double_value if kind == "double_value" else value.int_value if kind == "int_value" else None
    return None if number is None or not 0 <= number < 1e6 else float(number)
