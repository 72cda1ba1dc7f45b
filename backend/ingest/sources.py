"""The documents that a request holds: files of a form, documents and texts of a JSON body, or files as they are. Pure.

It runs where documents are read: a body can be as hostile as a document.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import Any

from ..bodies.documents import IngestDocument, IngestRequest
from ..bodies.reading import parse_body
from ..errors import BadRequestError, TooLargeError
from ..parsing import DOCSET_NAME
from .forms import read_form
from .loaders import FileLimits, check_name, load

_NAME_KEYS = ("name", "filename", "file_name", "key", "url")
_RESERVED_KEYS = ("name", "chunk", "section")
_MAX_META_CHARS = 2000
_SHOWN_NAME_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document as it came: bytes are read by the ending of the name, text is taken as it is."""

    name: str
    content: bytes | str
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """`docset` None: the request names none. `rejected`: name and reason of what is no source."""

    sources: list[Source]
    docset: str | None = None
    urls: list[str] = field(default_factory=list)
    sitemap_url: str | None = None
    rejected: list[tuple[str, str]] = field(default_factory=list)


def text_of(source: Source, limits: FileLimits) -> str:
    """Raises BadRequestError when it has a bad name or no text."""
    name = check_name(source.name)
    text = source.content.strip() if isinstance(source.content, str) else load(name, source.content, limits)
    if not text:
        raise BadRequestError(f"{name}: it holds no text")
    return text


def check_docset(name: str) -> str:
    if not DOCSET_NAME.fullmatch(name):
        raise BadRequestError(f"docset: {name[:80]!r} does not match {DOCSET_NAME.pattern}")
    return name


def contents_of_form(content_type: str, body: bytes, max_documents: int) -> Contents:
    """Raises BadRequestError, TooLargeError."""
    form = read_form(content_type, body, max_parts=max_documents + 10)
    files = [entry for entry in form if entry.key in {"files", "file"} and entry.filename]
    _check_count(len(files), max_documents)
    docset = next((entry.text for entry in form if entry.key == "docset" and entry.filename is None), None)
    return Contents(
        docset=check_docset(docset) if docset else None,
        sources=[Source(name=entry.filename or "", content=entry.content) for entry in files],
    )


def contents_of_json(body: bytes, max_documents: int) -> Contents:
    """Raises InvalidBodyError, TooLargeError."""
    request = parse_body(body, IngestRequest)
    entries = [*request.documents, *(IngestDocument(content=text) for text in request.texts)]
    _check_count(len(entries) + len(request.urls), max_documents)
    sources, rejected = [], []
    for entry in entries:
        try:
            sources.append(_source(entry))
        except BadRequestError as error:
            rejected.append((str(entry.meta.get("name", ""))[:_SHOWN_NAME_CHARS], str(error)))
    return Contents(
        docset=request.docset,
        sources=sources,
        urls=request.urls,
        sitemap_url=request.sitemap_url,
        rejected=rejected,
    )


def contents_of_files(files: list[dict[str, Any]], content: bytes, max_documents: int) -> Contents:
    """files: name, meta, length in bytes, and whether the bytes are a text that is taken as it is, in order."""
    _check_count(len(files), max_documents)
    sources, start = [], 0
    for file in files:
        part = content[start : start + file["length"]]
        given = part.decode("utf-8", "surrogatepass") if file["is_text"] else part
        sources.append(Source(name=file["name"], content=given, meta=file["meta"]))
        start += file["length"]
    return Contents(sources=sources)


def _check_count(documents: int, max_documents: int) -> None:
    if documents > max_documents:
        raise TooLargeError(f"{documents} documents are more than RAG_MAX_DOCUMENTS ({max_documents})")


def _source(entry: IngestDocument) -> Source:
    """A document with a name of its own, or one made from its content."""
    given = next((str(entry.meta[key]) for key in _NAME_KEYS if entry.meta.get(key)), None)
    name = given or "text-" + hashlib.sha256(entry.content.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    meta = {key: value for key, value in entry.meta.items() if key not in _RESERVED_KEYS}
    if not all(_is_plain(value) for value in meta.values()) or len(json.dumps(meta)) > _MAX_META_CHARS:
        shown = name[:_SHOWN_NAME_CHARS]
        raise BadRequestError(f"{shown}: meta holds plain values only, at most {_MAX_META_CHARS} characters in all")
    return Source(name=name, content=entry.content, meta=meta)


def _is_plain(value: Any) -> bool:
    """Whether JSON has it: a reader may be lenient, but an infinity cannot be written."""
    return math.isfinite(value) if isinstance(value, float) else value is None or isinstance(value, str | int)
