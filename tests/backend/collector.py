"""A receiver of OTLP over HTTP that keeps what it gets: a fake of a collector, which reads the real protobuf."""

import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSpan:
    """Ids in hexadecimal; parent: empty for a root. began_ns, ended_ns: Unix time."""

    name: str
    trace_id: str
    span_id: str
    parent: str
    began_ns: int
    ended_ns: int
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass(slots=True)
class Collector:
    """url: for ``OTEL_EXPORTER_OTLP_ENDPOINT``. bodies: as they came, unpacked."""

    url: str
    spans: list[ReceivedSpan] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        for at in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = _values(at.resource.attributes)
            for scope in at.scope_spans:
                self.spans.extend(_received(span, resource) for span in scope.spans)

    def trace(self, trace_id: str) -> dict[str, ReceivedSpan]:
        """Its spans, by the first word of their names."""
        return {span.name.partition(" ")[0]: span for span in self.spans if span.trace_id == trace_id}


def _received(span: Any, resource: dict[str, Any]) -> ReceivedSpan:
    return ReceivedSpan(
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        began_ns=span.start_time_unix_nano,
        ended_ns=span.end_time_unix_nano,
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
        attributes=_values(span.attributes),
        resource=resource,
    )


def _values(attributes: Any) -> dict[str, Any]:
    pairs: list[KeyValue] = list(attributes)
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(inner) for inner in value.array_value.values]
    return getattr(value, str(kind))


@contextmanager
def collector() -> Iterator[Collector]:
    kept = Collector("")

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            packed = self.headers.get("content-encoding") == "gzip"
            known = self.path == "/v1/traces"
            if known:
                kept.take(gzip.decompress(body) if packed else body)
            self.send_response(200 if known else 404)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        kept.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
