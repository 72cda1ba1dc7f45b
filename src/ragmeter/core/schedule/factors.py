"""What a manifest varies, and between which values: its section ``factors``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ragmeter.core.errors import ConfigError

Level: TypeAlias = str | int | float | bool
SECTIONS: Final = ("retrieval", "request")
KEYS: Final = ("benchmark.max_output_tokens", "cache.kv", "model.model_id")
"""Keys that can be varied, beside those of `SECTIONS`. None of them changes which question is asked when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """key: of the manifest; of a factor that a deployment makes, its name. levels: the first is what the others are
    compared with. deployed: whether a deployment makes it, and no request.
    """

    key: str
    levels: tuple[Level, ...]
    deployed: bool = False

    @property
    def name(self) -> str:
        """``k`` of ``retrieval.k``."""
        return self.key if self.deployed else self.key.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What a provider's deployment has, by the names of the factors."""

    provider: str
    levels: Mapping[str, Level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """generators: by the name of a factor, the names of those whose product it follows. interactions: asked for."""

    factors: tuple[Factor, ...]
    deployments: tuple[Deployment, ...]
    generators: Mapping[str, tuple[str, ...]]
    interactions: tuple[tuple[str, str], ...]


def factors_from(manifest: Mapping[str, Any], where: str) -> Factors | None:
    """Of a manifest that fits its schema; None where it varies nothing. Raises ConfigError."""
    written = manifest.get("factors")
    if written is None:
        return None
    place = f"{where}: $.factors"
    _check_load(manifest.get("load", {}), place)
    varied = [_varied(key, levels, place) for key, levels in written.get("vary", {}).items()]
    deployments = tuple(
        Deployment(provider=each["provider"], levels=each["levels"]) for each in written.get("deployed", ())
    )
    factors = (*varied, *_deployed(deployments, place))
    if not factors:
        raise ConfigError(f"{place}: varies nothing; write 'vary' or 'deployed'")
    names = [factor.name for factor in factors]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"{place}: two factors have the name {twice!r}")
    return Factors(
        factors=factors,
        deployments=deployments,
        generators={
            _known(name, factors, f"{place}.generators"): _all_known(of, factors, f"{place}.generators.{name}")
            for name, of in written.get("generators", {}).items()
        },
        interactions=_interactions(written.get("interactions", ()), factors, f"{place}.interactions"),
    )


def _check_load(load: Mapping[str, Any], place: str) -> None:
    """A trial is one figure of a cell, so all of it has one load, which is the same in every cell."""
    for key, found in (("shape", load.get("shape") == "sweep"), ("search", "search" in load)):
        if found:
            raise ConfigError(f"{place}: has no meaning with $.load.{key} {load[key]!r}: each cell has the same load")


def _varied(key: str, levels: Sequence[Level], place: str) -> Factor:
    section, _, name = key.partition(".")
    if key not in KEYS and (section not in SECTIONS or not name or "." in name):
        allowed = ", ".join([*(f"{each}.KEY" for each in SECTIONS), *KEYS])
        raise ConfigError(f"{place}.vary: {key!r} cannot be varied; allowed: {allowed}")
    return Factor(key=key, levels=_distinct(levels, f"{place}.vary.{key}"))


def _distinct(levels: Sequence[Level], where: str) -> tuple[Level, ...]:
    if len({str(level) for level in levels}) < max(2, len(levels)):
        raise ConfigError(f"{where}: {list(levels)!r}: needs two levels or more, each of them once")
    return tuple(levels)


def _deployed(deployments: Sequence[Deployment], place: str) -> list[Factor]:
    if not deployments:
        return []
    names = list(deployments[0].levels)
    for index, each in enumerate(deployments):
        where = f"{place}.deployed[{index}]"
        if set(each.levels) != set(names):
            raise ConfigError(f"{where}.levels: {', '.join(each.levels)}: the first has {', '.join(names)}")
        if any(other.levels == each.levels for other in deployments[:index]):
            raise ConfigError(f"{where}.levels: another provider has the same: {dict(each.levels)!r}")
    return [
        Factor(
            key=name,
            levels=_distinct(
                tuple(dict.fromkeys(each.levels[name] for each in deployments)), f"{place}.deployed: {name}"
            ),
            deployed=True,
        )
        for name in names
    ]


def _interactions(
    written: Sequence[Sequence[str]], factors: Sequence[Factor], where: str
) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for each in written:
        first, second = _all_known(each, factors, where)
        if first == second or any({first, second} == set(pair) for pair in found):
            raise ConfigError(f"{where}: {list(each)!r}: needs two different factors, and each pair once")
        found.append((first, second))
    return tuple(found)


def _all_known(names: Sequence[str], factors: Sequence[Factor], where: str) -> tuple[str, ...]:
    return tuple(_known(name, factors, where) for name in names)


def _known(name: str, factors: Sequence[Factor], where: str) -> str:
    """The name of a factor that is written so, or by its key."""
    found = next((factor.name for factor in factors if name in (factor.name, factor.key)), None)
    if found is None:
        known = ", ".join(factor.name for factor in factors)
        raise ConfigError(f"{where}: {name!r} is not a factor; known: {known}")
    return found
