"""Thoughts that stand in the text of an answer, between tags: so they come where no reasoning parser takes them out.

Pure. The opening tag must come first. Where the prompt's template ends with it, nothing tells thoughts from text before
the closing one has come: such a server needs its reasoning parser.
"""

from __future__ import annotations

from dataclasses import replace

from .chunks import Delta

_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
}
"""As the chat templates of Qwen, DeepSeek, GLM, Seed-OSS and Magistral write them."""


class ThoughtSplitter:
    """Texts go in as they come. What may become an opening tag waits until it is one or cannot be one."""

    def __init__(self) -> None:
        self._waiting: list[Delta] = []
        self._thoughts: _Thoughts | None = None
        self._is_text = False

    def feed(self, delta: Delta) -> list[Delta]:
        if self._is_text:
            return [delta]
        if self._thoughts is not None:
            return self._thoughts.feed(delta)
        self._waiting.append(delta)
        begun = "".join(each.text for each in self._waiting).lstrip()
        if any(tag.startswith(begun) and tag != begun for tag in _TAGS):
            return []
        closing = next((closing for tag, closing in _TAGS.items() if begun.startswith(tag)), None)
        if closing is None:
            self._is_text = True
            return self.end()
        self._thoughts = thoughts = _Thoughts(closing)
        return [part for each in self.end() for part in thoughts.feed(each)]

    def end(self) -> list[Delta]:
        """What still waited: an answer that is only the beginning of a tag, or white space."""
        waited, self._waiting = self._waiting, []
        return waited


class _Thoughts:
    """From the opening tag on: thoughts up to the closing one and the space after it, then text."""

    def __init__(self, closing: str) -> None:
        self._closing = closing
        self._tail = ""
        self._is_closed = False
        self._is_text = False

    def feed(self, delta: Delta) -> list[Delta]:
        if self._is_text:
            return [delta]
        text = delta.text if self._is_closed else self._after_closing(delta.text)
        rest = text.lstrip()
        self._is_text = bool(rest)
        thought = delta.text[: len(delta.text) - len(rest)]
        if not rest or not thought:
            return [replace(delta, is_reasoning=not rest)]
        return [Delta(text=thought, tokens=None, is_reasoning=True), Delta(text=rest, tokens=None)]

    def _after_closing(self, text: str) -> str:
        """What of a text follows the tag, of which the beginning may have come before."""
        seen = self._tail + text
        at = seen.find(self._closing)
        self._is_closed = at >= 0
        self._tail = seen[1 - len(self._closing) :]
        return seen[at + len(self._closing) :] if self._is_closed else ""
