"""Which documents a search may look at: those whose facts have one of the values given, for each field."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import BadRequestError
from .records import Document

Value: TypeAlias = str | int | float | bool

_PLAIN = (str, int, float, bool)

EXACT_ROWS = 20_000
"""Up to so many chunks that pass a filter, a search compares all of them, whatever the index. An index looks at the
nearest neighbours of a question, and the fewer of them pass, the fewer it finds.
"""

_KIND = re.compile(r"[^/]\.([^./]+)$")
_SHOWN_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """Field, and the values of which a document has one; a document has to pass each of them."""

    fields: tuple[tuple[str, tuple[Value, ...]], ...]

    @classmethod
    def of(cls, given: Mapping[str, Value | Sequence[Value]]) -> Filter:
        listed = ((name, given[name]) for name in sorted(given))
        return cls(tuple((name, (each,) if isinstance(each, _PLAIN) else tuple(each)) for name, each in listed))

    def check(self, docset: str, known: Collection[str]) -> None:
        """Raises BadRequestError for a field that no document of the docset has. One without documents has any."""
        for name, _ in self.fields:
            if known and name not in known:
                listed = sorted(known)
                more = f" and {len(listed) - _SHOWN_FIELDS} more" if len(listed) > _SHOWN_FIELDS else ""
                raise BadRequestError(
                    f"filter: {name[:100]!r} is no field of the documents of {docset}; there are: "
                    f"{', '.join(listed[:_SHOWN_FIELDS])}{more}"
                )


def facts_of(document: Document) -> dict[str, Value]:
    """What a filter sees of a document: its name, its kind, and the metadata that it was ingested with."""
    given = {name: value for name, value in document.meta.items() if value is not None}
    return {"kind": kind_of(document.name), **given, "name": document.name}


def kind_of(name: str) -> str:
    """The ending of a file's name, in lower case; `text` without one."""
    found = _KIND.search(name)
    return found[1].lower() if found else "text"


def written(value: Any) -> str:
    """Two values are one where this is: 1 and 1.0 are, 1 and "1" and true are not."""
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)
