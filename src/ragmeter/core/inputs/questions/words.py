"""Words of texts: without markup, compared without case, with and without those that carry no meaning."""

import re
import unicodedata
from collections.abc import Iterable

_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_NUMBER = re.compile(r"^(?:(?:[A-Z]\.)?\d+(?:\.\d+)*\.?|\d+\)) +")
_WORD = re.compile(r"[^\W_]+(?:[-_.'\u2019][^\W_]+)*")


def listed(text: str) -> frozenset[str]:
    """The words of a list in a text."""
    return frozenset(text.split())


STOP_WORDS = listed(
    "a about above after again against all also am an and any are as at be because been before being below between "
    "both but by can cannot could did do does doing down during each every few for from further had has have having he "
    "her here hers him his how i if in into is it its itself just many may me might more most much must my no nor not "
    "now of off on once one only or other our out over own same say says shall she should so some such than that the "
    "their them then there these they this those through to too under until up use used very was we were what when "
    "where which while who whom why will with without would yes yet you your happens happen mean means"
)
"""English words that say nothing of what a text is about, and those of our questions."""

LEAST_ENGLISH = 0.15
"""Share of them in an English text."""


def plain(text: str) -> str:
    """A line of Markdown as it is read: without links, emphasis, code marks and tags, with single spaces."""
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    code = text.split("`")
    code[::2] = [_EMPHASIS.sub(r"\2", _TAG.sub("", part)) for part in code[::2]]
    return " ".join("".join(code).split())


def title(heading: str) -> str:
    """A heading without its number and without the sign of a link to it."""
    return _NUMBER.sub("", plain(heading).rstrip("\u00b6#").strip())


def words(text: str) -> list[str]:
    """Each word in order, in lower case; compounds such as ``ttft_ms`` and ``follow-up`` are one word."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def key_of(question: str) -> frozenset[str]:
    """What a question asks about: two with the same key are one question in other words."""
    found = words(question)
    return frozenset(found) - STOP_WORDS or frozenset(found)


def is_english(texts: Iterable[str]) -> bool:
    """Whether enough of the words are English ones that any text has: of prose 0.4, of tables 0.2, of others 0.1."""
    found = [word for text in texts for word in words(text)]
    return sum(word in STOP_WORDS for word in found) >= LEAST_ENGLISH * len(found)
