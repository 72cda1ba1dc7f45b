"""Questions that an LLM writes about a passage: what it is asked, and which of its lines are questions."""

import re
from collections.abc import Sequence

from ragmeter.core.inputs.questions.passages import Passage
from ragmeter.core.inputs.questions.words import plain

SYSTEM = (
    "You write test questions for a search engine. A question must be answered by the passage, must make sense to "
    "somebody who has not seen it, and must name what it is about."
)
USER = (
    "Document: {document}\nSection: {section}\n\nPassage:\n{text}\n\n"
    "Write {count} different questions that this passage answers. One question on each line, nothing else."
)
TOKENS_OF_A_QUESTION = 48
"""Output tokens that a question may take."""
_THOUGHT = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
_MARK = re.compile(r"^(?:[-*•]|\(?\d+[.):]|Q\d*[.:])\s*")
_POINTING = re.compile(
    r"\b(?:this|the (?:given|above|following)) (?:passage|text|document|section|paragraph|context|author)\b"
    r"|\b(?:according to|in|from) the (?:passage|text|paragraph|context)\b",
    re.IGNORECASE,
)


def messages_for(passage: Passage, count: int) -> list[dict[str, str]]:
    """The messages of a chat completion."""
    user = USER.format(document=passage.document, section=passage.section or "none", text=passage.text, count=count)
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]


def questions_of(answer: str) -> list[str]:
    """The questions in an answer, each once: lines that end as one does, and do not point at the passage."""
    lines = (_MARK.sub("", plain(line)).strip("\"' ") for line in _THOUGHT.sub("", answer).splitlines())
    return list(dict.fromkeys(line for line in lines if line.endswith("?") and not _POINTING.search(line)))


def unusable(written: Sequence[Sequence[str]]) -> str | None:
    """A sentence on passages whose answer had no question in it; None when all had one."""
    without = sum(not questions for questions in written)
    if not without:
        return None
    return (
        f"{without} of the LLM's {len(written)} answers have no usable question: "
        "the questions about those passages are made by patterns"
    )
