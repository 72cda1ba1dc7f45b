"""A whole response as a list of dated pieces: all that is left to do is to write them on time. Pure."""

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ragmeter.testing.frames import Encoding, Frame, encode


class Ending(StrEnum):
    """What follows the last piece."""

    COMPLETE = "complete"
    CUT = "cut"
    """The connection is closed although the message is not complete."""
    HANG = "hang"
    """Nothing comes until the client leaves."""
    COMPLETE_THEN_CLOSE = "complete_then_close"
    """Complete, with keep-alive promised; the idle connection is closed nevertheless."""


class Framing(StrEnum):
    """How HTTP tells the end of the body."""

    CHUNKED = "chunked"
    LENGTH = "length"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Body bytes that are written together, ``at_ms`` after the request; text_tokens: of each text event they end."""

    at_ms: float
    body: bytes
    text_tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One response.

    preface: bytes before the status line. answers: False for a server that hangs or closes without a status line.
    declared_extra_bytes: how much more than the body the content-length promises.
    max_write_bytes: the most bytes handed to the kernel at once. trickle_ms: the period of comments that never end.
    closes_reused: a second request on a connection is answered by closing it.
    """

    pieces: tuple[Piece, ...]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/event-stream; charset=utf-8"),)
    framing: Framing = Framing.CHUNKED
    ending: Ending = Ending.COMPLETE
    preface: bytes = b""
    answers: bool = True
    declared_extra_bytes: int = 0
    max_write_bytes: int | None = None
    trickle_ms: float | None = None
    closes_reused: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(piece.body for piece in self.pieces)


def stream_plan(frames: list[Frame], encoding: Encoding) -> Plan:
    """A response of events."""
    final = len(frames) - 1
    pieces = (
        Piece(
            at_ms=frame.at_ms,
            body=encode(frame, encoding, first=n == 0, last=n == final),
            text_tokens=(frame.tokens,) if frame.tokens else (),
        )
        for n, frame in enumerate(frames)
    )
    return Plan(pieces=tuple(pieces))


def json_plan(status: int, document: object, *, headers: tuple[tuple[str, str], ...] = ()) -> Plan:
    """A response that is one JSON document."""
    return Plan(
        pieces=(Piece(at_ms=0, body=json.dumps(document).encode()),),
        status=status,
        headers=(("content-type", "application/json"), *headers),
        framing=Framing.LENGTH,
    )


def text_plan(text: str) -> Plan:
    """A response that is Prometheus text."""
    headers = (("content-type", "text/plain; version=0.0.4; charset=utf-8"),)
    return Plan(pieces=(Piece(at_ms=0, body=text.encode()),), headers=headers, framing=Framing.LENGTH)


def gzipped(plan: Plan) -> Plan:
    """The body compressed, flushed after each piece so that no event waits for the next."""
    compressor = zlib.compressobj(wbits=31)
    pieces = [
        replace(piece, body=compressor.compress(piece.body) + compressor.flush(zlib.Z_SYNC_FLUSH))
        for piece in plan.pieces
    ]
    pieces[-1] = replace(pieces[-1], body=pieces[-1].body + compressor.flush())
    return replace(plan, pieces=tuple(pieces), headers=(*plan.headers, ("content-encoding", "gzip")))


def head_bytes(plan: Plan, request_id: str) -> bytes:
    """The status line and the headers."""
    headers = [*plan.headers, ("x-request-id", request_id)]
    if plan.framing is Framing.CHUNKED:
        headers.append(("transfer-encoding", "chunked"))
    elif plan.framing is Framing.LENGTH:
        headers.append(("content-length", str(len(plan.body) + plan.declared_extra_bytes)))
    else:
        headers.append(("connection", "close"))
    lines: Iterable[str] = (f"{name}: {value}" for name, value in headers)
    return plan.preface + "\r\n".join([f"HTTP/1.1 {plan.status} Scripted", *lines]).encode() + b"\r\n\r\n"


def wire_bytes(plan: Plan, body: bytes) -> bytes:
    """A piece of the body with its HTTP framing."""
    return b"%x\r\n%b\r\n" % (len(body), body) if plan.framing is Framing.CHUNKED and body else body
