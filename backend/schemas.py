"""Bodies of requests. An unknown key is an error: a misspelt `k` must not be measured as the default."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .parsing import DOCSET_NAME

Docset = Annotated[str, Field(pattern=f"^{DOCSET_NAME.pattern}$", examples=["default"])]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Turn(_Body):
    role: Literal["user", "assistant"]
    content: str = Field(max_length=100_000)


class QueryRequest(_Body):
    """`k` 0 asks the LLM without retrieval. No session is kept: `session_id` is echoed, `history` is sent."""

    query: str = Field(min_length=1, max_length=100_000)
    session_id: str | None = Field(default=None, max_length=128)
    history: list[Turn] = Field(default_factory=list, max_length=200)
    k: int | None = Field(default=None, ge=0)
    docset: Docset | None = None
    max_tokens: int | None = Field(default=None, ge=1, le=131_072)


class IngestDocument(_Body):
    content: str
    meta: dict[str, Any] = Field(default_factory=dict)


class IngestRequest(_Body):
    documents: list[IngestDocument] = Field(default_factory=list)
    texts: list[str] = Field(default_factory=list)
    urls: list[str] = Field(default_factory=list)
    sitemap_url: str | None = None
    docset: Docset | None = None


class DeleteRequest(_Body):
    """`filenames` and `keys` both name documents; `document_ids` are the ids that /documents lists."""

    all: bool = False
    filenames: list[str] = Field(default_factory=list)
    keys: list[str] = Field(default_factory=list)
    document_ids: list[str] = Field(default_factory=list)
    docset: Docset | None = None
