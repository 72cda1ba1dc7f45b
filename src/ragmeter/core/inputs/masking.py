"""Secrets of a provider file, kept out of what a server says back: an echo of one is masked, however it is written."""

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

LEAST_CHARS: Final = 8
"""A shorter value is not masked: it would also be part of words that are no echo."""
MASK: Final = "***"
_ELLIPSIS = re.compile(r"\.{3}|…")
_BEHIND_A_CUT: Final = " \"'}]"
_DEEPEST: Final = 3
_ESCAPING = re.compile(r"[%\\&+]")
_BACKSLASH = re.compile(r"""\\(?:(?:u00|x)([0-7][0-9a-f])|(["'/\\]))""", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]* +(.+)")
_CREDENTIAL = re.compile(r"auth|cookie|credential|key|passw|secret|session|signature|token", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is masked, whole values and their parts. Falsy where there is nothing to mask."""

    values: tuple[str, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.values)

    def mask(self, text: str) -> str:
        """``text`` with `MASK` for each secret, and for what is left of one that was cut short.

        As it is, in hex, in base64, and under the escapes of JSON, Python, HTML and URLs. Where escapes hid a secret,
        what comes back has none of them.
        """
        if not self.values or len(text) < LEAST_CHARS:
            return text
        text = self._mask_unescaped(text)
        for unescaped in _unescaped(text):
            if (masked := self._mask_unescaped(unescaped)) != unescaped:
                return self.mask(masked)
        return text

    def _mask_unescaped(self, text: str) -> str:
        return _without_cut_secrets(_pattern(self.values).sub(MASK, text), self.values)

    def with_these(self, others: "Secrets") -> "Secrets":
        """Those of both."""
        return _longest_first({*self.values, *others.values})

    def mask_all(self, value: Any) -> Any:
        """The JSON value with every text in it masked, those of its keys as well."""
        if not self.values:
            return value
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {self.mask(key): self.mask_all(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)([self.mask_all(item) for item in value])
        return value


NO_SECRETS: Final = Secrets()


def secrets_in(headers: Mapping[str, str], *, from_environment: Iterable[str], shown: Iterable[str]) -> Secrets:
    """Of a provider file with its references resolved.

    from_environment: what variables stand for in ``headers`` and other keys that no report shows. All of that is
    secret, and of what the file says itself, the value of a header whose name is that of a credential. shown: texts of
    the keys that reports do show; what they hold is in the open.
    """
    wholes = [*from_environment, *(value for name, value in headers.items() if is_credential(name))]
    found = {part for whole in wholes for part in _parts(whole) if len(part) >= LEAST_CHARS}
    hidden = {part for part in found if not any(part in text for text in shown)}
    return _longest_first(hidden)


def _longest_first(values: Iterable[str]) -> Secrets:
    """A secret may be part of another one."""
    return Secrets(tuple(sorted(values, key=lambda value: (-len(value), value))))


def too_short(headers: Mapping[str, str]) -> list[str]:
    """Names of the credentials among the headers whose value is not masked because it has too few characters."""
    return [name for name, value in headers.items() if is_credential(name) and 0 < len(bare(value)) < LEAST_CHARS]


def is_credential(header: str) -> bool:
    """Whether a header of this name says who asks."""
    return _CREDENTIAL.search(header) is not None


def bare(value: str) -> str:
    """The value of a header without its scheme, such as ``Bearer``."""
    scheme = _SCHEME.fullmatch(value.strip())
    return scheme[1] if scheme else value.strip()


def _parts(value: str) -> Iterator[str]:
    """With and without its scheme, what Basic encodes, the password in that, values of a list (``a=…; b=…``)."""
    whole = bare(value)
    yield from (value.strip(), whole)
    if value.strip()[:6].lower() == "basic ":
        decoded = _from_base64(whole)
        yield decoded
        yield decoded.partition(":")[2]
    if "=" in whole.rstrip("="):
        for pair in re.split(r"[;,]", whole):
            yield pair.partition("=")[2].strip().strip('"')


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


@lru_cache(maxsize=16)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(form for value in values for form in _forms(value)))


def _forms(value: str) -> Iterator[str]:
    """Patterns of a secret as it is, in hex, and in both alphabets of base64 with what comes behind in its run."""
    yield re.escape(value).replace(r"\ ", r"\s+")
    yield f"(?i:{value.encode().hex()})"
    for core in _base64_cores(value.encode()):
        yield re.escape(core).replace(r"\+", "[+-]").replace("/", "[/_]") + "[A-Za-z0-9+/_-]*={0,2}"


def _base64_cores(raw: bytes) -> Iterator[str]:
    """What of the base64 of any text around ``raw`` depends on ``raw`` alone, for each of the three alignments."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        first, last = (before * 8 + 5) // 6, (before + len(raw)) * 8 // 6
        yield text[first:last]


def _unescaped(text: str) -> Iterator[str]:
    """What escapes may stand for, each kind and each of their combinations `_DEEPEST` deep."""
    seen, level = {text}, [text]
    for _ in range(_DEEPEST):
        found = {unescape(each) for each in level if _ESCAPING.search(each) for unescape in _UNESCAPES}
        level = sorted(found - seen)
        seen |= found
        yield from level


def _without_backslashes(text: str) -> str:
    return _BACKSLASH.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)


_UNESCAPES: Final[tuple[Callable[[str], str], ...]] = (html.unescape, unquote, unquote_plus, _without_backslashes)


def _without_cut_secrets(text: str, values: Sequence[str]) -> str:
    """``text`` with `MASK` for what a cut left of a secret: its beginning before an ellipsis or at the end of the text,
    and its end behind an ellipsis.
    """
    for value in values:
        for cut in reversed([*_ELLIPSIS.finditer(text)]):
            before, behind = text[: cut.start()], text[cut.end() :]
            sizes = range(len(value), 0, -1)
            head = next((size for size in sizes if before.endswith(value[:size])), 0)
            tail = next((size for size in sizes if behind.startswith(value[-size:])), 0)
            if head + tail >= LEAST_CHARS:
                text = before[: len(before) - head] + MASK + behind[tail:]
        text = _without_cut_end(text, value)
    return text


def _without_cut_end(text: str, value: str) -> str:
    body = text.rstrip(_BEHIND_A_CUT)
    at = body.find(value[:LEAST_CHARS], max(0, len(body) - len(value)))
    while at >= 0:
        if value.startswith(body[at:]):
            return body[:at] + MASK + text[len(body) :]
        at = body.find(value[:LEAST_CHARS], at + 1)
    return text
