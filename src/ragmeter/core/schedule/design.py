"""A factorial plan: which combinations of levels are measured, and which effects such a plan cannot distinguish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod
from typing import Final

from ragmeter.core.errors import ConfigError
from ragmeter.core.schedule.factors import Factor, Factors, Level, factors_from

MOST_CELLS: Final = 64
_TOLD_UP_TO: Final = 2
"""Aliases of so many factors are told: effects of three at once are rarely worth a sentence."""
_ROMAN: Final = {3: "III", 4: "IV", 5: "V", 6: "VI", 7: "VII", 8: "VIII"}

Effect = frozenset[str]
"""Of one factor, or of several together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One combination of levels. number: from 1. levels: by the name of the factor. provider: whose deployment has
    them; None where requests alone differ.
    """

    number: int
    levels: Mapping[str, Level]
    provider: str | None = None

    @property
    def label(self) -> str:
        """``k=5 mode=hybrid``."""
        return " ".join(f"{name}={shown_level(level)}" for name, level in self.levels.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """words: of the defining relation of a fraction, each a set of factors whose product is the same in every cell;
    empty for a full plan.
    """

    factors: tuple[Factor, ...]
    interactions: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]
    words: tuple[Effect, ...] = ()

    @property
    def resolution(self) -> int | None:
        """Effects of m factors are aliased with none of fewer than resolution - m; None of a full plan."""
        return min(map(len, self.words)) if self.words else None

    @property
    def effects(self) -> tuple[tuple[str, ...], ...]:
        """That are estimated: each factor, and the interactions asked for."""
        return (*((factor.name,) for factor in self.factors), *self.interactions)

    def aliases(self, effect: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Effects of one or two factors that this plan cannot distinguish from it."""
        found = (word ^ frozenset(effect) for word in self.words)
        order = [factor.name for factor in self.factors]
        told = [tuple(sorted(each, key=order.index)) for each in found if len(each) <= _TOLD_UP_TO]
        return tuple(sorted(told, key=lambda each: (len(each), [order.index(name) for name in each])))

    @property
    def sentence(self) -> str:
        """``a half of the full plan, of resolution IV: 4 of 8 cells``."""
        count = len(self.cells)
        if self.resolution is None:
            return f"the full plan: {count} cells, every combination of the levels"
        full = prod(len(factor.levels) for factor in self.factors)
        resolution = _ROMAN.get(self.resolution, str(self.resolution))
        return f"1/{full // count} of the full plan, of resolution {resolution}: {count} of {full} cells"

    @property
    def confusions(self) -> tuple[str, ...]:
        """A sentence for each estimated effect that has an alias."""
        told = ((effect_name(effect), self.aliases(effect)) for effect in self.effects)
        return tuple(
            f"the effect of {name} cannot be distinguished from {' and '.join(map(effect_name, aliases))}"
            for name, aliases in told
            if aliases
        )


def shown_level(level: Level) -> str:
    return str(level).lower() if isinstance(level, bool) else str(level)


def effect_name(effect: Sequence[str]) -> str:
    """``k``, ``k x mode``."""
    return " x ".join(effect)


def design_of(manifest: Mapping[str, object], where: str) -> Design | None:
    """Of a manifest that fits its schema; None where it varies nothing. Raises ConfigError for a plan that cannot be,
    or cannot show what it is asked for.
    """
    factors = factors_from(manifest, where)
    if factors is None:
        return None
    place = f"{where}: $.factors"
    words = _words(factors, place)
    count = prod(len(factor.levels) for factor in factors.factors if factor.name not in factors.generators)
    if count > MOST_CELLS:
        raise ConfigError(f"{place}: {count} cells are more than {MOST_CELLS}; leave out levels, or write 'generators'")
    design = Design(
        factors=factors.factors, interactions=factors.interactions, cells=_cells(factors, place), words=words
    )
    _check_aliases(design, place)
    return design


def _words(factors: Factors, place: str) -> tuple[Effect, ...]:
    """All products of the generators: the defining relation."""
    by_name = {factor.name: factor for factor in factors.factors}
    for name, of in factors.generators.items():
        where = f"{place}.generators.{name}"
        if several := next((each for each in by_name.values() if len(each.levels) != 2), None):
            raise ConfigError(f"{where}: {several.name} has {len(several.levels)} levels; a fraction needs two of each")
        if generated := next((each for each in of if each in factors.generators), None):
            raise ConfigError(f"{where}: {generated!r} is generated, too; name factors that have no generator")
        if len(set(of)) < max(2, len(of)):
            raise ConfigError(f"{where}: {list(of)!r}: needs two factors or more, each of them once")
    relations = [frozenset({name, *of}) for name, of in factors.generators.items()]
    found = []
    for count in range(1, len(relations) + 1):
        for chosen in combinations(relations, count):
            word: Effect = frozenset()
            for each in chosen:
                word ^= each
            found.append(word)
    if any(len(word) < 3 for word in found):
        raise ConfigError(f"{place}.generators: two factors have the same generator: they would always change together")
    return tuple(sorted(found, key=lambda word: (len(word), sorted(word))))


def _cells(factors: Factors, place: str) -> tuple[Cell, ...]:
    base = [factor for factor in factors.factors if factor.name not in factors.generators]
    rows = (dict(zip((factor.name for factor in base), row, strict=True)) for row in _places(base))
    return tuple(_cell(number, row, factors, place) for number, row in enumerate(rows, start=1))


def _places(base: Sequence[Factor]) -> "product[tuple[int, ...]]":
    return product(*(range(len(factor.levels)) for factor in base))


def _cell(number: int, row: Mapping[str, int], factors: Factors, place: str) -> Cell:
    """A generated factor is high where the product of the others, as -1 and +1, is."""
    generated = {name: (sum(1 - row[each] for each in of) + 1) % 2 for name, of in factors.generators.items()}
    places = {**row, **generated}
    levels = {factor.name: factor.levels[places[factor.name]] for factor in factors.factors}
    if not factors.deployments:
        return Cell(number=number, levels=levels)
    wanted = {factor.name: levels[factor.name] for factor in factors.factors if factor.deployed}
    found = next((each.provider for each in factors.deployments if each.levels == wanted), None)
    if found is None:
        said = ", ".join(f"{name}: {level}" for name, level in wanted.items())
        raise ConfigError(f"{place}.deployed: no provider has {said}, which the plan needs")
    return Cell(number=number, levels=levels, provider=found)


def _check_aliases(design: Design, place: str) -> None:
    """An interaction that cannot be distinguished from what is estimated, too, would answer another question."""
    estimated = [frozenset(effect) for effect in design.effects]
    for pair in design.interactions:
        taken = next((each for each in design.aliases(pair) if frozenset(each) in estimated), None)
        if taken is not None:
            raise ConfigError(
                f"{place}.interactions: this fraction cannot distinguish {effect_name(pair)} from "
                f"{effect_name(taken)}; leave it out, or choose other generators"
            )
