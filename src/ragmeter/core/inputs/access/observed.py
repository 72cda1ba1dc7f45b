"""Whose metrics are read while a load runs: ``observe`` of a provider file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from ragmeter.core.errors import ConfigError
from ragmeter.core.urls import checked_url

METRICS: Final = "/metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPages:
    """The page of each ready pod that fits the selector, through the API server. namespace: None for that of the
    provider file.
    """

    selector: str
    port: int
    path: str = METRICS
    namespace: str | None = None


Observed: TypeAlias = Literal["auto"] | tuple[str | PodPages, ...]


def observed(value: Any, path: str, *, kube_context: str | None) -> Observed:
    """value: as its schema has it; ``off`` is false to a reader of YAML. Raises ConfigError."""
    if isinstance(value, bool):
        return "auto" if value else ()
    if value == "auto":
        return "auto"
    if value == "off":
        return ()
    several: Sequence[Any] = value if isinstance(value, list) else (value,)
    places = (f"{path}: $.observe{f'[{index}]' if isinstance(value, list) else ''}" for index in range(len(several)))
    return tuple(_one(each, where, kube_context) for each, where in zip(several, places, strict=True))


def _one(value: str | Mapping[str, Any], where: str, kube_context: str | None) -> str | PodPages:
    if isinstance(value, str):
        return _metrics_url(value, where)
    if kube_context is None:
        raise ConfigError(
            f"{where}.pods: {value['pods']!r} are pods of a cluster: needs $.kube_context, which names it"
        )
    return PodPages(
        selector=value["pods"], port=value["port"], path=value.get("path", METRICS), namespace=value.get("namespace")
    )


def _metrics_url(url: str, where: str) -> str:
    if "://" not in url:
        raise ConfigError(f"{where}: {url!r} is neither auto nor off nor a URL such as http://llm:8000/metrics")
    checked = checked_url(url, where) or url
    return checked if urlsplit(checked).path else f"{checked}{METRICS}"
