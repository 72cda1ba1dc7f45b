"""The asyncio side of the ground-truth server: reads requests, plays plans, keeps the truth."""

import asyncio
import contextlib
import itertools
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import httptools

from ragmeter.testing.exposition import Ledger
from ragmeter.testing.frames import MODEL_ID
from ragmeter.testing.plan import Ending, Framing, Plan, head_bytes, json_plan, text_plan, wire_bytes
from ragmeter.testing.response import plan_for
from ragmeter.testing.script import Contract, StreamScript

_STREAMS = {"/query/stream": Contract.RAG, "/v1/chat/completions": Contract.OPENAI}
_DOCUMENTS: Mapping[str, Any] = {
    "/healthz": {"status": "ok"},
    "/readyz": {"status": "ready"},
    "/info": {"version": "0", "model_id": MODEL_ID, "replica_id": StreamScript().replica_id, "vector_store": None},
    "/v1/models": {"object": "list", "data": [{"id": MODEL_ID, "object": "model", "owned_by": "ragmeter"}]},
}


@dataclass(slots=True)
class _Truth:
    """A `StreamTruth` while it comes true."""

    request_id: str
    script: str
    contract: Contract
    connection: int
    read_ns: int
    text_ns: list[int] = field(default_factory=list)
    text_tokens: list[int] = field(default_factory=list)
    ended_ns: int | None = None
    client_left: bool = False


@dataclass(slots=True)
class Stage:
    """What all connections share. ``scripts`` are played at /scripts/NAME, ``default`` everywhere else.

    lanes: streams that are played at once; others wait, first come, first served. None: all at once. ledger: what is
    told at /metrics; None: nothing.
    """

    default: StreamScript
    scripts: Mapping[str, StreamScript]
    truths: list[_Truth] = field(default_factory=list)
    connections: "itertools.count[int]" = field(default_factory=itertools.count)
    requests: "itertools.count[int]" = field(default_factory=itertools.count)
    lanes: asyncio.Semaphore | None = None
    ledger: Ledger | None = None


@dataclass(slots=True)
class _Request:
    method: str
    path: str
    read_ns: int
    body: bytes


class ServerConnection(asyncio.Protocol):
    """One connection. Requests on it are answered one after the other."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._number = next(stage.connections)
        self._answered = 0
        self._url = b""
        self._body = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._waiting: list[_Request] = []
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self._task is not None:
            self._task.cancel()

    def on_message_begin(self) -> None:
        self._url = b""
        self._body.clear()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path = self._url.decode("latin-1").partition("?")[0]
        method = self._parser.get_method().decode("ascii")
        self._waiting.append(_Request(method, path, time.monotonic_ns(), bytes(self._body)))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._answer_waiting())

    async def _answer_waiting(self) -> None:
        while self._waiting and not self._transport.is_closing():
            await self._answer(self._waiting.pop(0))
            self._answered += 1

    async def _answer(self, request: _Request) -> None:
        name, path = _split_script(request.path)
        contract = _STREAMS.get(path) if request.method == "POST" else None
        script = self._stage.default if name is None else self._stage.scripts.get(name)
        if contract is None or script is None:
            self._write_document(path, known=script is not None)
            return
        number = next(self._stage.requests)
        script = script.turn(number)
        truth = _Truth(
            request_id=f"gt-{number}",
            script=name or "",
            contract=contract,
            connection=self._number,
            read_ns=request.read_ns,
        )
        plan = plan_for(script, contract, request_id=truth.request_id, usage=_wants_usage(request.body))
        await self._play(plan, truth, script)

    def _write_document(self, path: str, *, known: bool) -> None:
        if path == "/metrics" and self._stage.ledger is not None:
            plan = text_plan(self._stage.ledger.page())
        elif path == "/truths":
            plan = json_plan(200, [asdict(truth) for truth in self._stage.truths])
        elif known and path in _DOCUMENTS:
            plan = json_plan(200, _DOCUMENTS[path])
        else:
            plan = json_plan(404, {"detail": f"nothing at {path}"})
        self._transport.write(head_bytes(plan, "") + plan.body)

    async def _play(self, plan: Plan, truth: _Truth, script: StreamScript) -> None:
        self._stage.truths.append(truth)
        ledger = self._stage.ledger or Ledger()
        ledger.queued.add(truth.request_id)
        try:
            if plan.closes_reused and self._answered > 0:
                self._transport.abort()
                return
            async with self._stage.lanes or contextlib.nullcontext():
                waited = self._stage.lanes is not None
                with ledger.playing(truth.request_id, script, truth.contract):
                    await self._play_pieces(plan, truth, time.monotonic_ns() if waited else truth.read_ns)
            await self._end(plan)
        except asyncio.CancelledError:
            truth.client_left = True
        finally:
            truth.ended_ns = time.monotonic_ns()
            ledger.queued.discard(truth.request_id)

    async def _play_pieces(self, plan: Plan, truth: _Truth, began_ns: int) -> None:
        if not plan.answers:
            return
        await self._write(head_bytes(plan, truth.request_id), plan)
        for piece in plan.pieces:
            await _until(began_ns, piece.at_ms)
            at_ns = await self._write(wire_bytes(plan, piece.body), plan)
            truth.text_ns += [at_ns] * len(piece.text_tokens)
            truth.text_tokens += piece.text_tokens

    async def _write(self, data: bytes, plan: Plan) -> int:
        """The time just before the last bytes were handed over."""
        size = plan.max_write_bytes or len(data) or 1
        at_ns = time.monotonic_ns()
        for start in range(0, len(data), size):
            at_ns = time.monotonic_ns()
            self._transport.write(data[start : start + size])
            if plan.max_write_bytes is not None:
                await asyncio.sleep(0)
        return at_ns

    async def _end(self, plan: Plan) -> None:
        if plan.ending is Ending.HANG:
            await self._hang(plan.trickle_ms)
        if plan.ending is Ending.CUT:
            self._transport.close()
            return
        if plan.answers and plan.framing is Framing.CHUNKED:
            self._transport.write(b"0\r\n\r\n")
        if plan.ending is Ending.COMPLETE_THEN_CLOSE or plan.framing is Framing.CONNECTION:
            self._transport.close()

    async def _hang(self, trickle_ms: float | None) -> None:
        """Until the client leaves, which cancels this task."""
        while True:
            if trickle_ms is None:
                await asyncio.get_running_loop().create_future()
            else:
                await asyncio.sleep(trickle_ms / 1000)
                self._transport.write(b"3\r\n:\n\n\r\n")


def _split_script(path: str) -> tuple[str | None, str]:
    """The script's name, where the path begins with /scripts/NAME, and the rest of the path."""
    if not path.startswith("/scripts/"):
        return None, path
    name, slash, rest = path.removeprefix("/scripts/").partition("/")
    return name, slash + rest


def _wants_usage(body: bytes) -> bool:
    try:
        asked = json.loads(body)
    except ValueError:
        return False
    options = asked.get("stream_options") if isinstance(asked, dict) else None
    return isinstance(options, dict) and options.get("include_usage") is True


async def _until(began_ns: int, at_ms: float) -> None:
    ahead_s = (began_ns + at_ms * 1e6 - time.monotonic_ns()) / 1e9
    if ahead_s > 0:
        await asyncio.sleep(ahead_s)


async def listen(stage: Stage, host: str, tls: ssl.SSLContext | None) -> asyncio.Server:
    """Accept connections on a free port of ``host``."""
    return await asyncio.get_running_loop().create_server(
        lambda: ServerConnection(stage), host, 0, ssl=tls, backlog=1024
    )


async def close(server: asyncio.Server) -> None:
    """Stop accepting and drop every connection and what runs on it."""
    server.close()
    current = asyncio.current_task()
    playing = [task for task in asyncio.all_tasks() if task is not current]
    for task in playing:
        task.cancel()
    for task in playing:
        with contextlib.suppress(asyncio.CancelledError):
            await task
