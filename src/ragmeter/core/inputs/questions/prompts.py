"""A question, with what it is labelled with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_TEXTS: Final[Mapping[str, Any]] = {"type": "array", "items": {"type": "string", "minLength": 1}}
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "minLength": 1},
        "relevant": _TEXTS,
        "answer": {"anyOf": [{"type": "string", "minLength": 1}, {**_TEXTS, "minItems": 1}]},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question. ``relevant``: ids (or id prefixes) of the passages that answer it; empty if not labelled.
    ``answers``: each of them is right; empty if not labelled.
    """

    text: str
    relevant: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()

    def line(self) -> str:
        """A line of a ``prompts_file``."""
        return json.dumps(self.document(), ensure_ascii=False)

    def document(self) -> dict[str, Any]:
        """As such a line has it."""
        labels = {"relevant": list(self.relevant), "answer": list(self.answers)}
        return {"prompt": self.text, **{key: value for key, value in labels.items() if value}}


def prompt_of(document: Mapping[str, Any]) -> Prompt:
    """Of a document that fits `SCHEMA`."""
    answer = document.get("answer", ())
    return Prompt(
        text=document["prompt"],
        relevant=tuple(document.get("relevant", ())),
        answers=(answer,) if isinstance(answer, str) else tuple(answer),
    )
