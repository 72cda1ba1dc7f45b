"""The messages that the LLM gets. Pure."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from ..llm.client import Message
from ..retrieval.records import Hit

SYSTEM = "Answer the question from the context. When the context does not hold the answer, say that you do not know."
USER = "Context:\n{context}\n\nQuestion: {query}"
USER_WITHOUT_CONTEXT = "{query}"
_PASSAGE = "[{number}] {title}\n{text}"
_BETWEEN = "\n\n"

TEMPLATE_HASH = (
    "sha256:" + hashlib.sha256("\0".join((SYSTEM, USER, USER_WITHOUT_CONTEXT, _PASSAGE)).encode()).hexdigest()
)


def build_messages(
    query: str, hits: Sequence[Hit], history: Sequence[Message], *, max_chars: int, nonce: str | None = None
) -> list[Message]:
    """nonce: goes ahead of all else, so that a cache of prefixes finds none of what follows."""
    context = build_context(hits, max_chars=max_chars)
    user = USER.format(context=context, query=query) if context else USER_WITHOUT_CONTEXT.format(query=query)
    system = SYSTEM if nonce is None else f"[{nonce}] {SYSTEM}"
    return [{"role": "system", "content": system}, *history, {"role": "user", "content": user}]


def passages_given(hits: Sequence[Hit], *, max_chars: int) -> list[dict[str, str]]:
    """Id and text of each passage, as far as the context holds it."""
    given, room = [], max_chars or math.inf
    for number, hit in enumerate(hits, start=1):
        head = len(_PASSAGE.format(number=number, title=_title(hit), text=""))
        text = hit.chunk.text if math.isinf(room) else hit.chunk.text[: max(0, int(room) - head)]
        given.append({"id": hit.chunk.id, "text": text})
        room -= head + len(hit.chunk.text) + len(_BETWEEN)
    return given


def build_context(hits: Sequence[Hit], *, max_chars: int) -> str:
    """The passages, best first, cut at `max_chars` characters in all; 0 is no limit."""
    passages = [
        _PASSAGE.format(number=number, title=_title(hit), text=hit.chunk.text)
        for number, hit in enumerate(hits, start=1)
    ]
    context = _BETWEEN.join(passages)
    return context[:max_chars] if max_chars else context


def _title(hit: Hit) -> str:
    return f"{hit.chunk.name}, {hit.chunk.section}" if hit.chunk.section else hit.chunk.name
