"""An API server in this process: keeps objects, filters lists by labels, and refuses what a test tells it to refuse.

For the answers that no healthy cluster gives; tests/k8s asks a real one.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Document = dict[str, Any]


class FakeKube:
    """`objects` by path. `refusals` by (method, last word of the path's collection): status and body."""

    def __init__(self, *, minor: str = "20+") -> None:
        self.objects: dict[str, Document] = {}
        self.refusals: dict[tuple[str, str], tuple[int, object]] = {}
        self.logs: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.silent_s = 0.0
        self._minor = minor
        self._count = itertools.count(1)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def add(self, collection: str, document: Document) -> Document:
        """`collection`: such as /api/v1/namespaces/here/configmaps."""
        path = f"{collection}/{document['metadata']['name']}"
        number = next(self._count)
        document["metadata"] |= {"uid": f"uid-{number}", "creationTimestamp": f"2026-01-01T00:00:{number:02}Z"}
        document.setdefault("status", {})
        self.objects[path] = document
        return document

    def named(self, kind: str) -> list[Document]:
        """Objects of a collection such as `jobs`, in the order in which they were made."""
        return [each for path, each in self.objects.items() if path.split("/")[-2] == kind]

    def answer(self, method: str, url: str, body: bytes) -> tuple[int, object]:
        parts = urlsplit(url)
        words = parts.path.strip("/").split("/")
        collection = (
            "log" if words[-1] == "log" else next(w for w in (*reversed(words[-2:]), "") if w in _KINDS or not w)
        )
        self.asked.append((method, collection or parts.path))
        time.sleep(self.silent_s)
        if (method, collection) in self.refusals:
            return self.refusals[method, collection]
        if parts.path == "/version/":
            return 200, {"major": "1", "minor": self._minor}
        if collection == "log":
            return 200, self.logs.get(words[-2], "")
        return self._objects(method, parts.path, parse_qs(parts.query), body)

    def _objects(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, object]:
        if method == "POST":
            document = json.loads(body)
            if f"{path}/{document['metadata']['name']}" in self.objects:
                return status(409, "already exists")
            return 201, self.add(path, document)
        if path.rsplit("/", 1)[-1] in _KINDS:
            found = [each for at, each in self.objects.items() if at.rpartition("/")[0] == path]
            labels, fields = (query.get(f"{kind}Selector", [""])[0] for kind in ("label", "field"))
            named = [each for each in found if _is_named(each, fields)]
            return 200, {"items": [each for each in named if _fits(each, labels)]}
        if path not in self.objects:
            return status(404, f"{path} not found")
        return 200, self._removed(path) if method == "DELETE" else self.objects[path]

    def _removed(self, path: str) -> Document:
        """What it owned goes, too, at once; a real cluster takes a moment."""
        gone = self.objects.pop(path)
        for at, each in list(self.objects.items()):
            owners = {owner["uid"] for owner in each["metadata"].get("ownerReferences", [])}
            if gone["metadata"]["uid"] in owners and at in self.objects:
                self._removed(at)
        return gone


_KINDS = {"configmaps", "jobs", "pods", "serviceaccounts"}


def status(code: int, message: str) -> tuple[int, object]:
    """A refusal as the API server words it."""
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}


def _fits(document: Document, selector: str) -> bool:
    labels = document["metadata"].get("labels", {})
    pairs = [part.partition("=") for part in selector.split(",") if part]
    return all(key in labels and (not separator or labels[key] == value) for key, separator, value in pairs)


def _is_named(document: Document, selector: str) -> bool:
    """`selector`: `metadata.name=NAME`, or nothing."""
    return not selector or selector == f"metadata.name={document['metadata']['name']}"


def _handler(fake: FakeKube) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            code, answer = fake.answer(self.command, self.path, body)
            data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(code)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            with suppress(ConnectionError):  # a client that did not wait
                self.wfile.write(data)

        def do_POST(self) -> None:
            self.do_GET()

        def do_DELETE(self) -> None:
            self.do_GET()

        def log_message(self, *_args: object) -> None: ...

    return Handler
