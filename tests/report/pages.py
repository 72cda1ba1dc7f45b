"""Reads a page the way a browser's parser would, as far as the tests of structure need it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from ragmeter.core.result.result import RunResult
from ragmeter.report.html.scorecard_page import page_html

_VOID = frozenset({"meta", "br", "hr"})


@dataclass(kw_only=True)
class Element:
    """One element with its children in order; text is kept as strings."""

    tag: str
    attributes: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def all(self, tag: str | None = None) -> list["Element"]:
        """This element and everything below it, in document order, optionally of one tag."""
        below = (found for child in self.children if isinstance(child, Element) for found in child.all(tag))
        return [*([self] if tag in (None, self.tag) else []), *below]

    def of_class(self, name: str) -> list["Element"]:
        return [found for found in self.all() if name in found.attributes.get("class", "").split()]


class _Builder(HTMLParser):
    """Refuses a closing tag that does not match the open one: the pages close everything themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element(tag="#root", attributes={})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Element(tag=tag, attributes={name: value or "" for name, value in attrs})
        self._open[-1].children.append(found)
        if tag not in _VOID:
            self._open.append(found)

    def handle_endtag(self, tag: str) -> None:
        last = self._open.pop()
        if last.tag != tag:
            raise ValueError(f"</{tag}> closes <{last.tag}>")

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def close(self) -> None:
        super().close()
        if len(self._open) != 1:
            raise ValueError(f"never closed: {[found.tag for found in self._open[1:]]}")


def parsed(markup: str) -> Element:
    builder = _Builder()
    builder.feed(markup)
    builder.close()
    return builder.root


def page_of(*results: RunResult) -> Element:
    return parsed(page_html(results))
