"""An API server that keeps what it is given, and refuses when a test tells it to. Real ones are asked in tests/k8s."""

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

VERSION = {
    "gitVersion": "v1.31.4",
    "major": "1",
    "minor": "31",
    "gitCommit": "c",
    "gitTreeState": "clean",
    "buildDate": "d",
    "goVersion": "g",
    "compiler": "gc",
    "platform": "linux/amd64",
}


@dataclass(slots=True)
class FakeCluster:
    """objects: by path. refusals: statuses of the next answers to a method, each used once."""

    url: str = ""
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[str, list[int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    stop: Callable[[], object] = lambda: None
    made: Callable[[dict[str, Any]], None] = lambda made: None
    """Called with each object that was made: what controllers do."""
    lose_answers: bool = False
    """Do what is asked and then say 500, as a server that dies in between."""

    def answer(self, method: str, target: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        self.asked.append(f"{method} {path}")
        if refused := self.refusals.get(method):
            status = refused.pop(0)
            return status, {"kind": "Status", "message": f"refused with {status}"}
        actions = {"POST": self._post, "GET": self._get, "DELETE": self._delete}
        return actions[method](path, query, body)

    def _post(self, path: str, _query: Any, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        place = f"{path}/{body['metadata']['name']}"
        if place in self.objects:
            return 409, {"kind": "Status", "message": f"{place} already exists"}
        body["metadata"] |= {"uid": str(uuid.uuid4()), "namespace": re.sub(r".*/namespaces/|/.*", "", path)}
        self.objects[place] = body
        self.made(body)
        return (500, {"kind": "Status", "message": "lost"}) if self.lose_answers else (201, body)

    def _get(self, path: str, query: Any, _body: Any) -> tuple[int, dict[str, Any]]:
        if path == "/version/":
            return 200, VERSION
        if path in self.objects:
            return 200, self.objects[path]
        if path.rsplit("/", 1)[1] not in {"jobs", "pods", "services", "configmaps", "events", "nodes"}:
            return 404, {"kind": "Status", "message": f"{path} not found"}
        wanted = dict(pair.split("=") for pair in query.get("labelSelector", [""])[0].split(",") if pair)
        inside = [each for place, each in self.objects.items() if place.startswith(f"{path}/")]
        return 200, {"metadata": {}, "items": [each for each in inside if wanted.items() <= _labels(each).items()]}

    def _delete(self, path: str, _query: Any, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        found = self.objects.get(path)
        if found is None:
            return 404, {"kind": "Status", "message": "not found"}
        if body["preconditions"]["uid"] != found["metadata"]["uid"]:
            return 409, {"kind": "Status", "message": "the UID in the precondition does not match"}
        self._collect(path)
        return 200, {"kind": "Status", "status": "Success"}

    def _collect(self, path: str) -> None:
        """Remove an object and all that it owns, and what that owns."""
        uid = self.objects.pop(path)["metadata"].get("uid")
        for place in [p for p, each in self.objects.items() if uid in {o["uid"] for o in _owners(each)}]:
            self._collect(place)


def _labels(document: dict[str, Any]) -> dict[str, str]:
    labels: dict[str, str] = document["metadata"].get("labels", {})
    return labels


def _owners(document: dict[str, Any]) -> list[dict[str, str]]:
    owners: list[dict[str, str]] = document["metadata"].get("ownerReferences", [])
    return owners


@contextmanager
def fake_cluster() -> Iterator[FakeCluster]:
    fake = FakeCluster()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    fake.stop = stop
    try:
        yield fake
    finally:
        fake.stop()
        thread.join(5)


def _handler(fake: FakeCluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            status, document = fake.answer(self.command, self.path, json.loads(self.rfile.read(length) or b"{}"))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def log_message(self, *_args: object) -> None: ...

    return Handler
