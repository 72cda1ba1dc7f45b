"""Bodies that add documents to a docset and remove them from it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from .base import Body, Docset

Url = Annotated[str, Field(max_length=4000)]


class IngestDocument(Body):
    content: str
    meta: dict[str, Any] = Field(default_factory=dict)


class IngestRequest(Body):
    documents: list[IngestDocument] = Field(default_factory=list)
    texts: list[str] = Field(default_factory=list)
    urls: list[Url] = Field(default_factory=list)
    sitemap_url: Url | None = None
    docset: Docset | None = None


class DeleteRequest(Body):
    """`filenames` and `keys` both name documents; `document_ids` are the ids that /documents lists."""

    all: bool = False
    filenames: list[str] = Field(default_factory=list)
    keys: list[str] = Field(default_factory=list)
    document_ids: list[str] = Field(default_factory=list)
    docset: Docset | None = None
