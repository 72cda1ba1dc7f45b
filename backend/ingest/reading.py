"""What is read of an ingest, by one process after another: a limit ends the process, not the request.

Processes are started elsewhere (`readers`).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Literal

from ..errors import BadRequestError, InvalidBodyError, ServiceError, TooLargeError
from .chunking import Passage
from .frames import BrokenFrameError, pack, unpack
from .sources import Source
from .worker import MEMORY_STATUS, Limits, cpu_sentence, memory_sentence

_OUT_OF_MEMORY = {MEMORY_STATUS, -signal.SIGABRT}
"""What ends a process that may have no more: Python says so, libraries abort."""
_REFUSALS = {error.status: error for error in (BadRequestError, TooLargeError, InvalidBodyError)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is read. content: in pieces, as it came: to make one of many takes longer than the event loop may.
    files: of the task `files`; see `sources.contents_of_files`.
    """

    task: Literal["form", "json", "files", "sitemap"]
    content: Sequence[bytes | bytearray]
    content_type: str = ""
    files: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    name: str
    meta: dict[str, Any]
    sha256: str
    chars: int
    passages: tuple[Passage, ...]


@dataclass(slots=True, kw_only=True)
class Reading:
    """What was read. rejected: name and reason of each document that was not."""

    docset: str | None = None
    urls: list[str] = field(default_factory=list)
    sitemap_url: str | None = None
    documents: list[ReadDocument] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: Reading) -> None:
        self.documents += other.documents
        self.rejected += other.rejected


def work_of(sources: Sequence[Source]) -> Work:
    """Documents that are at hand."""
    contents = [
        source.content.encode("utf-8", "surrogatepass") if isinstance(source.content, str) else source.content
        for source in sources
    ]
    files = tuple(
        {"name": source.name, "meta": source.meta, "length": len(content), "is_text": isinstance(source.content, str)}
        for source, content in zip(sources, contents, strict=True)
    )
    return Work(task="files", content=contents, files=files)


class Allowance:
    """What one request may still use: its body, its documents and the pages that it names share one."""

    def __init__(self, *, timeout_s: float, text_bytes: int) -> None:
        self.timeout_s = timeout_s
        self.left_s = timeout_s
        self.left_bytes = text_bytes

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within, its time runs; while a request waits for its turn it does not."""
        began_s = time.monotonic()
        try:
            yield
        finally:
            self.left_s -= time.monotonic() - began_s

    @property
    def is_over(self) -> bool:
        return self.left_s <= 0

    def late(self, name: str) -> str:
        """Why a document is rejected."""
        return f"{name}: not read within {self.timeout_s:g} s, as all documents of an ingest (RAG_READ_TIMEOUT_SECONDS)"


class Job:
    """One work. `go_on` with a process until `is_done`; `blame` what was being read when a process ended."""

    def __init__(self, work: Work, limits: Limits, allowance: Allowance) -> None:
        self.reading = Reading()
        self.is_done = False
        self._work = work
        self._limits = limits
        self._allowance = allowance
        self._names: list[str] | None = None
        self._position = 0
        self._passages: list[Passage] = []

    def go_on(self, requests: IO[bytes], answers: IO[bytes]) -> bool:
        """Until everything is read, or the process has used itself up and ends: then False.

        Raises OSError or BrokenFrameError when it ends before, and the refusal of the whole request.
        """
        self._passages = []
        requests.write(pack(self._message()))
        for piece in self._work.content:
            requests.write(piece)
        requests.flush()
        while not self.is_done:
            answer = unpack(answers.read)
            if answer is None:
                raise BrokenFrameError("it ended")
            if answer.get("spent"):
                self.is_done = self._names is not None and self._position >= len(self._names)
                return False
            self._take(answer)
        return True

    def blame(self, status: int, *, is_late: bool) -> None:
        """status: of the process that ended, as `subprocess` has it. Raises the refusal of the whole request where the
        documents in it are not known yet.
        """
        if self._names is None:
            raise self._refusal(status, is_late=is_late)
        if is_late:
            left = self._names[self._position :]
            self.reading.rejected += [(name, self._allowance.late(name)) for name in left]
            self.is_done = True
            return
        name = self._names[self._position]
        self.reading.rejected.append((name, f"{name}: {self._reason(status)}"))
        self._position += 1
        self.is_done = self._position >= len(self._names)

    @property
    def has_begun(self) -> bool:
        return self._names is not None

    def _message(self) -> dict[str, Any]:
        return {
            "task": self._work.task,
            "content_type": self._work.content_type,
            "files": self._work.files,
            "bytes": sum(map(len, self._work.content)),
            "first": self._position,
            "text_bytes": self._allowance.left_bytes,
        }

    def _take(self, answer: dict[str, Any]) -> None:
        match answer:
            case {"refused": status, "message": str(sentence)}:
                raise _REFUSALS.get(status, ServiceError)(sentence)
            case {"body": dict(body), "names": list(names), "rejected": list(rejected)}:
                self._names = names
                self.reading.docset = body["docset"]
                self.reading.urls = body["urls"]
                self.reading.sitemap_url = body["sitemap_url"]
                self._reject(rejected)
            case {"passages": list(pairs)}:
                self._passages += [Passage(section=section, text=text) for section, text in pairs]
            case {"document": dict(document), "text_bytes": int(left_bytes)}:
                self.reading.documents.append(ReadDocument(**document, passages=tuple(self._passages)))
                self._passages = []
                self._allowance.left_bytes = left_bytes
                self._position += 1
            case {"unread": list(pair)}:
                self._reject([pair])
                self._position += 1
            case {"done": True}:
                self.is_done = True
            case _:
                raise BrokenFrameError(f"an unknown answer: {list(answer)}")

    def _reject(self, pairs: list[list[str]]) -> None:
        self.reading.rejected += [(name, reason) for name, reason in pairs]

    def _refusal(self, status: int, *, is_late: bool) -> ServiceError:
        if is_late:
            return TooLargeError(
                f"the body: not read within {self._allowance.timeout_s:g} s (RAG_READ_TIMEOUT_SECONDS)"
            )
        if status in {-signal.SIGXCPU, *_OUT_OF_MEMORY}:
            return TooLargeError(f"the body: {self._reason(status)}")
        return InvalidBodyError(f"the body: {self._reason(status)}")

    def _reason(self, status: int) -> str:
        if status == -signal.SIGXCPU:
            return cpu_sentence(self._limits.cpu_s)
        if status in _OUT_OF_MEMORY:
            return memory_sentence(self._limits.memory_bytes)
        return f"the process that read it {_end_of(status)}"


def _end_of(status: int) -> str:
    return f"ended with {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"
