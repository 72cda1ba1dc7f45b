"""A description of a target: read, merged with the presets that it names, and checked, before anything is sent."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.targets.answer import answer_places
from ragmeter.core.inputs.targets.asking import asking_of, check_path
from ragmeter.core.inputs.targets.signs import signs_of
from ragmeter.core.schema import check

TARGET: Final = "target.v1"
BUILT_IN: Final = ("rag", "openai")
"""Targets that are a name and no description."""
_SPOKEN: Final = ("schema", "name", "description", "preset", "signs")
"""Keys that change nothing of what is asked and read. A preset passes none of them on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDescription:
    """A checked description with its presets merged.

    document: as `asking` and `answer` of this folder compile it. ready: the path of readiness; ``none`` asks nothing;
    None takes any answer. models: the path of a list of models. uses: placeholders that requests have. sha256: of
    everything that changes what is asked or what is read. plugin: the name of what asks; None where HTTP does.
    """

    name: str
    document: Mapping[str, Any]
    ready: str | None
    models: str | None
    uses: tuple[str, ...]
    sha256: str
    plugin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The document of a description in a file of its own. where: the file."""

    name: str
    document: Any
    where: str


FindPreset = Callable[[str], Preset]
"""By name or path. Raises ConfigError that lists the known names."""


def described(document: Any, *, where: str, at: str, schema: Mapping[str, Any], find: FindPreset) -> TargetDescription:
    """The target of a description that stands at the path ``at`` of the file ``where``.

    ``$``: a file of its own, which may leave values to those who use it. Raises ConfigError.
    """
    _check_against(document, where, at, schema)
    merged, base = _merged(document, schema, find, ())
    place = f"{where}: {at}"
    for key in ("path", "answer"):
        if key not in merged:
            raise ConfigError(f"{place}.{key}: missing; write it there or name a preset that has it")
    _check_against(merged, where, at, schema)
    merged = _with_plugin(merged, place)
    asking = asking_of(merged, place, is_preset=at == "$")
    answer_places(merged["answer"], f"{place}.answer")
    signs_of(document.get("signs", ()), merged["path"], f"{place}.signs")
    for key in ("ready", "models"):
        if merged.get(key, "none") != "none":
            check_path(merged[key], f"{place}.{key}")
    return TargetDescription(
        name=document.get("name") or base or "described",
        document=merged,
        ready=merged.get("ready"),
        models=merged.get("models"),
        plugin=merged.get("plugin"),
        uses=tuple(sorted(asking.uses)),
        sha256=_sha256(merged),
    )


def _with_plugin(merged: Mapping[str, Any], place: str) -> dict[str, Any]:
    """With the defaults of a plug-in: it hands on messages, and its service need not speak HTTP."""
    answer = merged["answer"]
    if "plugin" not in merged:
        if answer.get("framing") == "messages":
            raise ConfigError(f"{place}.answer.framing: messages are what a plug-in hands on; name one in plugin")
        return dict(merged)
    return {"ready": "none", **merged, "answer": {"framing": "messages", **answer}}


def _check_against(document: Any, where: str, at: str, schema: Mapping[str, Any]) -> None:
    """Errors name the whole path: a description in a manifest is checked as a part of one."""
    if at == "$":
        return check(document, schema, where)
    key = at.removeprefix("$.")
    inner = {name: rule for name, rule in schema.items() if name not in {"$id", "$defs", "$schema"}}
    return check({key: document}, {"type": "object", "properties": {key: inner}, "$defs": schema["$defs"]}, where)


def _merged(
    document: Mapping[str, Any], schema: Mapping[str, Any], find: FindPreset, seen: tuple[str, ...]
) -> tuple[dict[str, Any], str | None]:
    """The document without its presets' name, and that name."""
    own = {key: value for key, value in document.items() if key not in _SPOKEN}
    name = document.get("preset")
    if name is None:
        return _patched({}, own), None
    preset = find(name)
    if preset.where in seen:
        raise ConfigError(f"{preset.where}: $.preset: {name!r}: the presets name one another: {', '.join(seen)}")
    _check_against(preset.document, preset.where, "$", schema)
    base, _ = _merged(preset.document, schema, find, (*seen, preset.where))
    return _patched(base, own), preset.document.get("name") or preset.name


def _patched(base: Mapping[str, Any], patch: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    """A JSON merge patch (RFC 7396). at: where in the description.

    Null is a value in two places: in ``values`` it is one to be given, and in an event it replaces a place by none.
    """
    made = dict(base)
    for key, value in patch.items():
        if isinstance(value, dict):
            inner = made.get(key)
            under = inner if isinstance(inner, dict) else {}
            place = f"{at}.{key}".lstrip(".")
            made[key] = {**under, **value} if place == "values" else _patched(under, value, place)
        elif value is None and not at.startswith("answer.events."):
            made.pop(key, None)
        else:
            made[key] = value
    return made


def _sha256(merged: Mapping[str, Any]) -> str:
    canonical = json.dumps(merged, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
