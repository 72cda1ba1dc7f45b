"""Connections of a client that keeps to no rule: raw bytes, from any address of this machine."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 30.0
HEAD = b"GET /healthz HTTP/1.1\r\nhost: x\r\n"
WHOLE = HEAD + b"\r\n"
OPEN_BODY = b"POST /query HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`status` None: the connection was closed without an answer."""

    status: int | None
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


class RawClient:
    """`address` is the client's own: any of 127.0.0.0/8."""

    def __init__(self, url: str, address: str = "127.0.0.1") -> None:
        place = urlsplit(url)
        self.socket = socket.create_connection(
            (place.hostname or "", place.port or 0), TIMEOUT_S, source_address=(address, 0)
        )

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, content: bytes) -> bool:
        """Whether all of it could be sent."""
        try:
            self.socket.sendall(content)
        except OSError:
            return False
        return True

    def answer(self) -> Answer:
        """The next answer, as far as it comes."""
        received = b""
        try:
            while not _is_whole(received) and (part := self.socket.recv(65536)):
                received += part
        except ConnectionError:
            pass
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        return Answer(status=int(lines[0].split()[1]) if head else None, headers=fields, body=body)

    def is_closed(self) -> bool:
        """Waits for the other side to close it; what it sends until then is dropped."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True


def _is_whole(received: bytes) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
    return bool(separator) and len(body) >= int(length.split(b":")[1])
