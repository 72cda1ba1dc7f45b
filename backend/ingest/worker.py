"""The process that reads documents: python -m backend.ingest.worker PARENT_PID LIMITS

What is read may be made to harm, so it is read where it can: with limits on CPU time and memory, without files to
write, and without the service's secrets. A document that passes a limit of the kernel ends this process; the one that
started it knows which document it was (`readers`). Imports no part of the service that serves.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import logging
import math
import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadRequestError, ServiceError
from .chunking import Passage, split
from .frames import pack, unpack
from .loaders import FileLimits, urls_of_sitemap
from .sources import Contents, Source, contents_of_files, contents_of_form, contents_of_json, text_of

MEMORY_STATUS = 77
"""Exit status of a process that has no memory left to say so."""

_PR_SET_PDEATHSIG = 1
_MAX_OPEN_FILES = 64
_NICE = 5
_PIECE_CHARS = 256 * 1024
_UNBOUNDED = resource.RLIM_INFINITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    chunk_chars: int
    chunk_overlap: int
    max_documents: int
    max_pages: int
    max_text_bytes: int
    cpu_s: int
    memory_bytes: int


def main(arguments: list[str]) -> int:
    limits = Limits(**json.loads(arguments[1]))
    _die_with(int(arguments[0]))
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a parser prints is no answer
    _confine(limits)
    try:
        while (message := unpack(requests.read)) is not None:
            body = requests.read(message["bytes"])
            for answer in Answers(message, body, limits).all():
                answers.write(pack(answer))
                answers.flush()
                if answer.get("spent"):
                    return 0
    except MemoryError:
        os._exit(MEMORY_STATUS)
    return 0


class Answers:
    """Answers to one message: `body` with what the request names, a `document` or `unread` for each source, `done`.

    `refused` instead, where the request itself cannot be read. Passages of a document come before it, in pieces. With
    `spent` this process has used so much memory that another one should go on.
    """

    def __init__(self, message: dict[str, Any], body: bytes, limits: Limits) -> None:
        self._message = message
        self._body = body
        self._limits = limits
        self._files = FileLimits(pages=limits.max_pages, unpacked_bytes=limits.max_text_bytes)
        self._left_bytes = int(message["text_bytes"])

    def all(self) -> Iterator[dict[str, Any]]:
        _allow_cpu(self._limits.cpu_s)
        try:
            contents = self._contents()
        except ServiceError as error:
            yield {"refused": error.status, "message": str(error)}
            return
        first = int(self._message["first"])
        yield {
            "body": {"docset": contents.docset, "urls": contents.urls, "sitemap_url": contents.sitemap_url},
            "rejected": [] if first else contents.rejected,
            "names": [source.name[:200] for source in contents.sources],
        }
        most_bytes = (_used_bytes() + self._limits.memory_bytes) // 2
        for source in contents.sources[first:]:
            _allow_cpu(self._limits.cpu_s)
            yield from self._document(source)
            if _used_bytes() > most_bytes:
                yield {"spent": True}
        yield {"done": True}

    def _contents(self) -> Contents:
        most = self._limits.max_documents
        match self._message["task"]:
            case "form":
                return contents_of_form(self._message["content_type"], self._body, most)
            case "json":
                return contents_of_json(self._body, most)
            case "files":
                return contents_of_files(self._message["files"], self._body, most)
            case "sitemap":
                return Contents(sources=[], urls=urls_of_sitemap(self._body)[: most + 1])
        raise ValueError(f"an unknown task: {self._message['task']!r}")

    def _document(self, source: Source) -> Iterator[dict[str, Any]]:
        shown = source.name[:200]
        try:
            text = self._text(source)
            passages = split(text, chars=self._limits.chunk_chars, overlap=self._limits.chunk_overlap)
        except ServiceError as error:
            yield {"unread": (shown, str(error))}
            return
        except MemoryError:
            yield {"unread": (shown, f"{shown}: {memory_sentence(self._limits.memory_bytes)}")}
            yield {"spent": True}
            return
        except Exception as error:  # a parser's own fault in what it was given
            reason = f"{shown}: it cannot be read ({type(error).__name__}: {str(error)[:200]})"
            yield {"unread": (shown, reason)}
            return
        for piece in _pieces(passages):
            yield {"passages": [(passage.section, passage.text) for passage in piece]}
        sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        described = {"name": source.name, "meta": source.meta, "sha256": sha256, "chars": len(text)}
        yield {"document": described, "text_bytes": self._left_bytes}

    def _text(self, source: Source) -> str:
        text = text_of(source, self._files)
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self._left_bytes:
            raise BadRequestError(
                f"{source.name}: with its {size} bytes of text the documents of this ingest have more than "
                f"{self._limits.max_text_bytes} (RAG_MAX_TEXT_BYTES)"
            )
        self._left_bytes -= size
        return text


def cpu_sentence(cpu_s: int) -> str:
    return f"reading it takes more than {cpu_s} s of CPU time (RAG_READER_CPU_SECONDS)"


def memory_sentence(memory_bytes: int) -> str:
    return f"reading it takes more than {memory_bytes} bytes of memory (RAG_READER_MEMORY_BYTES)"


def _pieces(passages: list[Passage]) -> Iterator[list[Passage]]:
    piece: list[Passage] = []
    chars = 0
    for passage in passages:
        piece.append(passage)
        chars += len(passage.text)
        if chars >= _PIECE_CHARS:
            yield piece
            piece, chars = [], 0
    if piece:
        yield piece


def _die_with(parent_pid: int) -> None:
    """Where the kernel cannot tell of the parent's death, the end of its pipe does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def _confine(limits: Limits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which ends this process
    logging.disable()
    os.nice(_NICE)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    _limit(resource.RLIMIT_DATA, limits.memory_bytes)


def _limit(kind: int, value: int) -> None:
    most = resource.getrlimit(kind)[1]
    lowered = value if most == _UNBOUNDED else min(value, most)
    resource.setrlimit(kind, (lowered, lowered))


def _allow_cpu(seconds: int) -> None:
    """From here on; the kernel counts whole seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    wanted = math.ceil(used.ru_utime + used.ru_stime) + seconds
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if most == _UNBOUNDED else min(wanted, most), most))


def _used_bytes() -> int:
    """What RLIMIT_DATA counts. The peak that `getrusage` tells is that of the process that started this one."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5]) * resource.getpagesize()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
