"""Passages of small documents."""

from ragmeter.core.inputs.questions.passages import Passage


def passage(text: str, id: str = "guide.md#0", section: str | None = "Guide") -> Passage:  # noqa: A002
    return Passage(id=id, document=id.rpartition("#")[0], section=section, text=text)


def passages(*texts: str, document: str = "guide.md") -> list[Passage]:
    return [passage(text, f"{document}#{number}") for number, text in enumerate(texts)]
