"""A file with questions: one a line, or JSON lines. What is another format is named."""

import json
from collections.abc import Mapping
from typing import Any, Final

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.question_sets import format_of, keys_seen
from ragmeter.core.inputs.questions.prompts import SCHEMA, Prompt, prompt_of
from ragmeter.core.schema import check

JSON_LINES: Final = (".jsonl", ".ndjson")
OTHER: Final = {
    ".json": "JSON",
    ".csv": "a table",
    ".tsv": "a table",
    ".parquet": "a table",
    ".yaml": "YAML",
    ".yml": "YAML",
    ".gz": "compressed",
    ".zip": "compressed",
    ".html": "a page",
    ".pdf": "a document",
    ".docx": "a document",
}
"""Suffixes of files that are no lines of text."""


def prompts_of(text: str, *, path: str) -> tuple[Prompt, ...]:
    """The prompts of a file's text: JSON lines by its suffix, else one prompt a line. Raises ConfigError, which names
    another format.
    """
    name = path.rpartition("/")[2]
    suffix = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    if suffix in OTHER:
        raise ConfigError(f"{path}: {_named(text, suffix)}; a prompts_file is .txt, a question a line, or .jsonl")
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    found = [
        _of_json(line, f"{path}:{number}") if suffix in JSON_LINES else _of_text(line, path, number)
        for number, line in lines
        if line
    ]
    if not found:
        raise ConfigError(f"{path}: has no prompts")
    return tuple(found)


def _named(text: str, suffix: str) -> str:
    """What a file is, and what makes questions of it."""
    name, seen = OTHER[suffix], ""
    if suffix == ".json":
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return "is no JSON, whatever its name says"
        name, seen = format_of(document) or name, f", with {keys_seen(document)}"
    made = suffix in (".json", ".csv", ".tsv")
    return f"is {name}{seen}" + ("; `ragmeter dataset import` makes questions of it" if made else "")


def _of_text(line: str, path: str, number: int) -> Prompt:
    if number == 1 and line.startswith(("{", "[")):
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            raise ConfigError(f"{path}:1: is JSON, with {keys_seen(document)}; name such a file .jsonl")
        if line == "[":
            raise ConfigError(f"{path}:1: is JSON over several lines; name it .json, and `ragmeter dataset import` it")
    return Prompt(text=line)


def _of_json(line: str, where: str) -> Prompt:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: not JSON: {error}") from error
    if isinstance(document, dict):
        hint = _hint(document)
        if "prompt" not in document and hint:
            raise ConfigError(f"{where}: has no key 'prompt', but {keys_seen(document)}{hint}")
        if isinstance(document.get("relevant"), list):
            document["relevant"] = [_label(each) for each in document["relevant"]]
    check(document, SCHEMA, where)
    return prompt_of(document)


def _label(value: Any) -> Any:
    """Numbers are how some sets name their documents."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _hint(row: Mapping[str, Any]) -> str:
    if {"_id", "text"} <= row.keys():
        return ": these are the queries of a BEIR set; `ragmeter dataset import FOLDER` makes prompts and labels of it"
    if format_of([row]) is not None:
        return ": `ragmeter dataset import` makes prompts of it"
    return ""
