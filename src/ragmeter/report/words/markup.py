"""HTML as values: whatever is not ``Html`` is text and is escaped where it enters the page."""

from html import escape as html_escape
from typing import TypeAlias

_VOID = frozenset({"meta", "br", "hr"})
_CONTROLS = (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0))
_SURROGATES = range(0xD800, 0xE000)
_REPLACED = dict.fromkeys((*_CONTROLS, *_SURROGATES, 0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}") | {0x0D: "\n"}


class Html(str):
    """Markup. Only this module and constants of the package make it; joined with plain text it becomes plain text."""

    __slots__ = ()


Child: TypeAlias = str | None
Attribute: TypeAlias = str | int | float | bool | None


def clean(text: str) -> str:
    """Text without control characters and lone surrogates, which neither HTML nor UTF-8 can carry."""
    return text.translate(_REPLACED)


def text(value: str) -> Html:
    return value if isinstance(value, Html) else Html(html_escape(clean(value), quote=True))


def join(*children: Child) -> Html:
    return Html("".join(text(child) for child in children if child is not None))


def element(tag: str, /, *children: Child, **attributes: Attribute) -> Html:
    """``class_`` is written ``class`` and ``aria_label`` ``aria-label``; None and False leave an attribute out."""
    opening = f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}>"
    return Html(opening) if tag in _VOID else Html(f"{opening}{join(*children)}</{tag}>")


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{text(_attribute_text(value))}"'


def _attribute_text(value: str | int | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
