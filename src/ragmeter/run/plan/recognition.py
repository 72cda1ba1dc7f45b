"""What answers at a URL: requests that change nothing are sent to it, and their answers compared with what is known."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from ragmeter.clients.answers.llm import MODELS_PATH
from ragmeter.clients.files import read_yaml
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.targets.description import BUILT_IN
from ragmeter.core.inputs.targets.signs import BUILT_IN_SIGNS, Sign, Values, seen, signs_of
from ragmeter.run.plan.catalog import find, known, load_target, shown
from ragmeter.run.plan.first_contact import Answers, answers_of

_UNAVAILABLE: Final = 503
WHO_ASKS: Final = "give a token with --header 'Authorization: Bearer ${RAG_API_TOKEN}', its value in the environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A target that may be recognized. needs: values that anyone who uses it has to give. models: the path of a list of
    models; asks: whether each request names one.
    """

    name: str
    signs: tuple[Sign, ...]
    needs: tuple[str, ...] = ()
    models: str | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """by: which sign it was, in words; None where the target was named. values: of those it needs, what the service
    tells. models: what it lists, if requests name one.
    """

    known: Known
    by: str | None
    values: Values = field(default_factory=dict)
    models: tuple[str, ...] = ()


def recognized(provider: Provider, name: str | None = None) -> Found:
    """The target that a service speaks, by requests that cost nothing. name: a target, if it is known.

    Raises TargetError for a service that cannot be asked, is not ready, wants a token, or shows no sign of any target
    or those of several; ConfigError for a target that is not known.
    """
    candidates = _candidates() if name is None else [_known(name)]
    host = urlsplit(str(provider.base_url)).hostname or ""
    asked = dict.fromkeys(path for each in candidates for path in _paths(each))
    answers = answers_of(provider, [*asked])
    if name is not None:
        return _with_models(Found(known=candidates[0], by=None, values=_values(candidates[0], host, answers)), answers)
    found = list(_seen(candidates, host, answers.documents))
    special = [each for each in found if each.known.name not in BUILT_IN]
    if len(special) > 1:
        names = ", ".join(each.known.name for each in special)
        raise TargetError(f"{provider.base_url}: may be any of {names}; name the one it is with --target NAME")
    if not found:
        raise TargetError(f"{provider.base_url}: {_unknown(candidates, answers)}")
    return _with_models(found[0], answers)


def named(name: str) -> Found:
    """A target by its name or file, of a service that is not asked. Raises ConfigError."""
    return Found(known=_known(name), by=None)


def _candidates() -> list[Known]:
    """Those that a sign tells from others first, then what many services speak."""
    return [*map(_known, known("target")), *map(_known, BUILT_IN_SIGNS)]


def _known(name: str) -> Known:
    """Raises ConfigError for a description that is none, or that nobody has."""
    if name in BUILT_IN:
        signs = signs_of(BUILT_IN_SIGNS[name], "", name)
        is_openai = name == "openai"
        return Known(name=name, signs=signs, models=MODELS_PATH if is_openai else None, asks=is_openai)
    path = find(name, "target")
    document = read_yaml(path)
    described = load_target(document, where=shown(path), at="$")
    return Known(
        name=name,
        signs=signs_of(document.get("signs", ()), described.document["path"], f"{shown(path)}: $.signs"),
        needs=tuple(key for key, value in described.document.get("values", {}).items() if value is None),
        models=described.models,
        asks="model" in described.uses,
    )


def _paths(target: Known) -> Iterator[str]:
    yield from (sign.path for sign in target.signs if sign.path is not None)
    if target.asks and target.models is not None:
        yield target.models


def _seen(candidates: Sequence[Known], host: str, documents: Mapping[str, Any]) -> Iterator[Found]:
    for target in candidates:
        for sign in target.signs:
            values = seen(sign, host, documents)
            if values is not None:
                yield Found(known=target, by=sign.path or "its host", values=values)
                break


def _values(target: Known, host: str, answers: Answers) -> Values:
    """Of a target that was named, whether or not a sign of it is there."""
    return next((found.values for found in _seen([target], host, answers.documents)), {})


def _with_models(found: Found, answers: Answers) -> Found:
    target = found.known
    if not target.asks or target.models is None:
        return found
    listed = answers.documents.get(target.models)
    rows = listed.get("data") if isinstance(listed, dict) else listed
    ids = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return replace(found, models=tuple(each for each in ids if isinstance(each, str) and each))


def _unknown(candidates: Collection[Known], answers: Answers) -> str:
    if answers.refused is not None:
        path, status = answers.refused
        return f"wants to know who asks: HTTP {status} at {path}; {WHO_ASKS}"
    if _UNAVAILABLE in answers.statuses.values():
        return "is not ready: HTTP 503; wait until it is, or name what it speaks with --target NAME"
    left = ", ".join([*BUILT_IN, *(each.name for each in candidates if not each.signs)])
    return (
        "shows no sign of a target that is known; these cannot be told without a question: "
        f"{left}; name one, or the file of a description, with --target"
    )
