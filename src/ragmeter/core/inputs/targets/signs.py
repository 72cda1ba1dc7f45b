"""How a service is recognized: by its host, and by answers to requests that change nothing and cost nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, TypeAlias

from ragmeter.core.inputs.targets.places import Place, is_true, place_of

Values: TypeAlias = Mapping[str, tuple[str, ...]]
"""What a description's values may be at a service, by name, the first it names first."""

BUILT_IN_SIGNS: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "rag": ({"path": "/info", "where": "contains(keys(@), 'vector_store')"},),
    "openai": ({"path": "/v1/models", "where": "data[0].id"},),
}
"""Of the targets that are a name and no description, in the order in which they are tried, behind all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """host: a pattern of the host's name. path: asked with GET. where: true of the JSON value that it answers.

    listed: the path of the description, with its placeholders, where the value is an OpenAPI document that has to list
    it. values: where in the value stand values of the description.
    """

    host: str | None = None
    path: str | None = None
    where: Place | None = None
    listed: str | None = None
    values: Mapping[str, Place] = field(default_factory=dict)


def signs_of(written: Any, path: str, where: str) -> tuple[Sign, ...]:
    """From the key ``signs`` of a valid description.

    path: of the description itself. Raises ConfigError for a place that is none; where: the file and the key.
    """
    return tuple(_sign(sign, path, f"{where}[{number}]") for number, sign in enumerate(written))


def _sign(sign: Mapping[str, Any], path: str, where: str) -> Sign:
    return Sign(
        host=sign.get("host"),
        path=sign.get("path"),
        where=place_of(sign["where"], f"{where}.where") if sign.get("where") else None,
        listed=path if sign.get("listed") else None,
        values={name: place_of(text, f"{where}.values.{name}") for name, text in sign.get("values", {}).items()},
    )


def seen(sign: Sign, host: str, answers: Mapping[str, Any]) -> Values | None:
    """The values that a sign tells where it is there; None where it is not.

    answers: JSON values by path; a path that answered with something else is not in it.
    """
    if sign.host is not None and not fnmatchcase(host.lower(), sign.host):
        return None
    if sign.path is None:
        return {}
    document = answers.get(sign.path)
    if not isinstance(document, dict) or (sign.where is not None and not is_true(sign.where(document))):
        return None
    told = {name: _texts(place(document)) for name, place in sign.values.items()}
    if sign.listed is None:
        return told
    listed = _listed(sign.listed, document.get("paths"))
    return None if listed is None else {**told, **listed}


def _texts(found: Any) -> tuple[str, ...]:
    listed = found if isinstance(found, list) else [found]
    return tuple(text for text in listed if isinstance(text, str) and text)


_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def _listed(template: str, paths: Any) -> Values | None:
    """What the placeholders of a path are in those of an OpenAPI document; None where none of them is like it."""
    parts = _PLACEHOLDER.split(template)
    names = parts[1::2]
    pattern = re.compile("([^/{}]+)".join(map(re.escape, parts[::2])))
    found = [
        match.groups() for path in (paths if isinstance(paths, dict) else ()) if (match := pattern.fullmatch(path))
    ]
    if not found:
        return None
    return {name: tuple(dict.fromkeys(each[position] for each in found)) for position, name in enumerate(names)}
