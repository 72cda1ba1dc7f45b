"""Descriptions for tests that need one."""

from typing import Any

from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.targets.description import TARGET, FindPreset, Preset, TargetDescription, described

PLAIN: dict[str, Any] = {
    "path": "/ask",
    "body": {"question": "{prompt}"},
    "answer": {"text": "t", "end": {"where": "last"}},
}


def presets(**documents: Any) -> FindPreset:
    def find(name: str) -> Preset:
        if name not in documents:
            raise ConfigError(f"unknown target {name!r}; known: {', '.join(documents)}")
        return Preset(name=name, document=documents[name], where=f"{name}.yaml")

    return find


def description(document: Any, find: FindPreset | None = None, at: str = "$.target") -> TargetDescription:
    return described(document, where="mine.yaml", at=at, schema=schema(TARGET), find=find or presets())


def plain(**changes: Any) -> dict[str, Any]:
    """A description that is whole, with other keys; None leaves one out."""
    return {key: value for key, value in {**PLAIN, **changes}.items() if value is not None}


def answering(**changes: Any) -> dict[str, Any]:
    """A description with other keys in its answer; None leaves one out."""
    answer = {**PLAIN["answer"], **changes}
    return plain(answer={key: value for key, value in answer.items() if value is not None})
