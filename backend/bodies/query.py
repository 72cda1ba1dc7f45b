"""The body of a query."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..parsing import Mode
from .base import Body, Docset


class Turn(Body):
    role: Literal["user", "assistant"]
    content: str = Field(max_length=100_000)


class QueryRequest(Body):
    """`k` 0 asks the LLM without retrieval. No session is kept: `session_id` is echoed, `history` is sent.

    `passage_texts`: whether the end of the answer tells the text of each passage, as the LLM was given it.
    `retrieval_mode`, `candidates`: how passages are searched, and how many chunks each search brings to a hybrid one.
    `cache_salt`: the LLM's cache of prompts finds nothing for it but what a query with the same one left there.
    """

    query: str = Field(min_length=1, max_length=100_000)
    session_id: str | None = Field(default=None, max_length=128)
    history: list[Turn] = Field(default_factory=list, max_length=200)
    k: int | None = Field(default=None, ge=0)
    docset: Docset | None = None
    retrieval_mode: Mode | None = None
    candidates: int | None = Field(default=None, ge=1, le=1000)
    passage_texts: bool = False
    cache_salt: str | None = Field(default=None, pattern="^[A-Za-z0-9._-]{1,64}$", examples=["7f3a9c21d04be856"])
    max_tokens: int | None = Field(default=None, ge=1, le=131_072)
