"""Words of a service, of a provider file or of a test, made inert: they are shown as they are and do nothing.

GitHub and GitLab read more than Markdown: HTML, mentions, references to issues, labels and commits, bare addresses,
formulas. Each of its characters is written as an entity, and a space of no width ends what would be a name behind a
sign.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

from ragmeter.report.words.markup import clean

MOST: Final = 400
"""Characters of one text that are shown: a server may answer with a page."""
_NOWHERE: Final = "\N{ZERO WIDTH SPACE}"
_SIGNS: Final = re.compile(r"[\\`*_\[\]#|~$<>&@]")
_REFERRING: Final = re.compile(r"(?<=[@#!~$%&])(?=[\w\"'])|(?<=:)(?=//|[A-Za-z+-])|(?i:(?<=\bwww)(?=\.))")
"""Between a sign and what would be the name behind it; within the beginning of an address."""


def inert(text: str) -> str:
    """One line that Markdown, GitHub and GitLab show as it is written."""
    line = " ".join(clean(text).replace(_NOWHERE, "").split())
    line = line if len(line) <= MOST else f"{line[:MOST]}…"
    apart = _REFERRING.sub(_NOWHERE, line)
    return _SIGNS.sub(lambda at: f"&#{ord(at[0])};", apart).replace(_NOWHERE, "&#8203;")


def code(text: str) -> str:
    """A span of code. What a grammar of ours has let through holds no backtick; others are shown as apostrophes."""
    return f"`{' '.join(clean(text).split()).replace('`', chr(39)).replace('|', '¦')}`"


def link(words: str, address: str) -> str:
    """The words alone where the address is none of the web."""
    if urlsplit(address).scheme not in {"http", "https"}:
        return inert(words)
    return f"[{inert(words)}]({quote(address, safe=_SAFE)})"


_SAFE: Final = "/:?&=%#@+,;~-._"
Mask = Callable[[str], str]
"""Takes the secrets out of a text, before anything else is done to it."""
