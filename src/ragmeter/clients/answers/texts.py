"""Text in the shapes in which servers write it: a string, a list of strings or typed parts, an object with a text."""

from collections.abc import Iterator
from typing import Any

from ragmeter.clients.answers.told import as_text

_THINKING_PARTS = ("thinking", "reasoning", "reasoning_text")


def texts_of(content: Any) -> tuple[str | None, str | None]:
    """The answer's text and the reasoning of a content: a string is all answer, a typed part says what it is."""
    if isinstance(content, str):
        return as_text(content), None
    parts = list(_parts(content))
    answer = "".join(text for text, is_thought in parts if not is_thought)
    return as_text(answer), as_text("".join(text for text, is_thought in parts if is_thought))


def _parts(content: Any) -> Iterator[tuple[str, bool]]:
    """Each piece of the content, and whether it is a thought: parts are typed objects, and may hold parts."""
    for part in [content] if isinstance(content, dict) else content if isinstance(content, list) else []:
        if isinstance(part, str):
            yield part, False
        elif isinstance(part, dict):
            thinks = part.get("type") in _THINKING_PARTS
            yield plain_text(part.get("thinking") if thinks and "thinking" in part else part.get("text")) or "", thinks


def plain_text(value: Any) -> str | None:
    """The text of a string, of an object with text, or of a list of either."""
    if isinstance(value, list):
        return as_text("".join(text for each in value if (text := plain_text(each))))
    if isinstance(value, dict):
        return next((text for name in ("text", "content", "value") if (text := as_text(value.get(name)))), None)
    return as_text(value)
