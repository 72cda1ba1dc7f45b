"""The tokens of one answer: those of its text, which set its pace, and those of the reasoning before it.

A token of text is at least one byte of it. So a count far above the bytes, or above what was asked for, is no count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..strict_json import printable
from .chunks import Usage

_SPECIAL_TOKENS = 8
"""Tokens without text that an answer may have: its end, the marks around reasoning."""
_TOO_MANY = 2**53
_SHOWN_CHARS = 60
_KNOWN_WITHIN = 0.05
"""Tokens that the events leave open are special ones, up to this share of the answer."""


@dataclass(slots=True)
class Counts:
    """refused: what the LLM told that cannot be, in words. None is a count that nobody knows."""

    output_tokens: int | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_told: int | None = None
    refused: list[str] = field(default_factory=list)
    text_bytes: int = 0
    reasoning_bytes: int = 0
    _of_text: list[int | None] = field(default_factory=list)
    _of_reasoning: list[int | None] = field(default_factory=list)
    _counted: int = 0

    def take(self, usage: Usage) -> int | None:
        """Enter a usage block; the tokens since the last one, if that can be. Zeros and gaps take nothing back."""
        told = self._count("completion_tokens", usage.output)
        thought = self._count("reasoning_tokens", usage.reasoning)
        self.prompt_tokens = self._count("prompt_tokens", usage.prompt) or self.prompt_tokens
        self._take_cached(usage.cached)
        if told is not None and thought and usage.total == (self.prompt_tokens or 0) + told + thought:
            told += thought  # some servers count reasoning beside the output: the total shows it
        self.reasoning_told = self.reasoning_told if thought is None else thought
        self.output_tokens = told or self.output_tokens
        new, self._counted = (told or 0) - self._counted, told or self._counted
        return None if told is None or new < 0 else new

    def add_text(self, text: str, tokens: int | None) -> None:
        self.text_bytes += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        self._of_text.append(tokens)

    def add_reasoning(self, text: str, tokens: int | None) -> None:
        self.reasoning_bytes += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        self._of_reasoning.append(tokens)

    def check(self, max_tokens: int) -> None:
        """At the end of an answer: a count that cannot be is refused."""
        told, thought = self.output_tokens, self.reasoning_told or 0
        if told is None:
            return
        seen = len(self._of_text) + len(self._of_reasoning)
        room = self.text_bytes + (0 if thought else self.reasoning_bytes)
        if told - thought > max(max_tokens + 1, seen):
            self._refuse(f"{told} output tokens were told where {max_tokens} were allowed")
        elif thought > told:
            self._refuse(f"{thought} reasoning tokens were told of {told} output tokens")
        elif told - thought > room + _SPECIAL_TOKENS:
            self._refuse(f"{told - thought} output tokens were told for {room} bytes of text")

    @property
    def reasoning_tokens(self) -> int | None:
        """Told, or seen event by event, or what is left where each event can only have held one token."""
        if self.reasoning_told or not self._of_reasoning:
            return self.reasoning_told
        running = _sum_known(self._of_reasoning)
        if running is not None or self.output_tokens is None:
            return running
        if (of_text := _sum_known(self._of_text)) is not None:
            return max(0, self.output_tokens - of_text)
        texts = len(self._of_text)
        left = self.output_tokens - len(self._of_reasoning) - texts
        return self.output_tokens - texts if 0 <= left <= _KNOWN_WITHIN * texts else None

    @property
    def later_tokens(self) -> int | None:
        """Tokens of text after those of the first event with text; None where nobody knows how many were reasoning."""
        if self.output_tokens is None:
            return None
        if _sum_known(self._of_text) is not None:
            return _sum_known(self._of_text[1:]) or 0
        if self._of_reasoning and self.reasoning_tokens is None:
            return None
        return self.output_tokens - (self.reasoning_tokens or 0) - 1

    def _take_cached(self, told: Any) -> None:
        cached = self._count("cached_tokens", told)
        if cached is not None and self.prompt_tokens is not None and cached > self.prompt_tokens:
            self.refused.append(f"{cached} cached tokens were told of {self.prompt_tokens} prompt tokens")
        elif cached is not None:
            self.cached_tokens = cached

    def _refuse(self, words: str) -> None:
        self.refused.append(words)
        self.output_tokens = None

    def _count(self, name: str, value: Any) -> int | None:
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value < _TOO_MANY or value != int(value):
            self.refused.append(printable(f"{name}: {str(value)[:_SHOWN_CHARS]} is not a count"))
            return None
        return int(value)


def _sum_known(counts: Sequence[int | None]) -> int | None:
    """None as soon as one is not known, or there are none."""
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None
