"""Thoughts that stand in the text of an answer, between tags: so they come where no reasoning parser takes them out.

They are no answer: its first visible text comes after them, and their tokens set no pace of it.
"""

from bisect import bisect_right
from itertools import accumulate

from ragmeter.clients.answers.reading import Reading

TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
)
"""As the chat templates of Qwen, DeepSeek, GLM, Seed-OSS and Magistral write them."""


def part_thoughts(reading: Reading) -> None:
    """Count what stands between the tags as reasoning, event by event, once the stream has been read.

    The event in which they end, and the answer begins, is one of the answer; how many of its tokens are, nobody knows.
    """
    text = "".join(reading.texts)
    end = end_of_thoughts(text)
    if not end:
        return
    bounds = list(accumulate(map(len, reading.texts)))
    moved = bisect_right(bounds, end)
    reading.first_reasoning_ns = reading.first_reasoning_ns or reading.events_ns[0]
    reading.reasoning_events += moved
    reading.running += reading.events_tokens[:moved]
    reading.thoughts.append(text[:end])
    for of_events in (reading.events_ns, reading.events_tokens, reading.widths_ns, reading.texts):
        del of_events[:moved]
    if reading.texts and bounds[moved] - len(reading.texts[0]) < end:
        reading.texts[0] = text[end : bounds[moved]]
        reading.events_tokens[0] = None
    thought = len(text[:end].encode())
    reading.answer_chars -= end
    reading.answer_bytes -= thought
    reading.reasoning_chars += end
    reading.reasoning_bytes += thought


def end_of_thoughts(text: str) -> int:
    """How many characters of a text are thoughts, the tags and the space after them included.

    All are where the tag is never closed. The opening one may be missing, since templates put it into the prompt: then
    a closing one at the end or the start of a line is needed, so that an answer can speak of tags.
    """
    for opening, closing in TAGS:
        at = text.find(closing)
        if text.lstrip().startswith(opening):
            return _to_text(text, at + len(closing)) if at >= 0 else len(text)
        alone = text[at + len(closing) :].startswith("\n") or text[:at].endswith("\n")
        if at >= 0 and alone and opening not in text[:at]:
            return _to_text(text, at + len(closing))
    return 0


def _to_text(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip())
