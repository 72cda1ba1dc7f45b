"""A number that is not the same each time: what a manifest says of it, and draws from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.errors import ConfigError

Kind: TypeAlias = Literal["fixed", "uniform", "exponential", "normal", "lognormal"]
NEEDS: Mapping[str, tuple[str, ...]] = {
    "fixed": ("value",),
    "uniform": ("min", "max"),
    "exponential": ("mean",),
    "normal": ("mean", "stddev"),
    "lognormal": ("median", "sigma"),
}
"""What each distribution is described by. Those that have no ends of their own may be held between min and max."""
_ENDS = ("min", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A distribution of numbers from 0 up. sigma: standard deviation of the logarithm.

    min, max: a draw below or above is the bound itself.
    """

    kind: Kind
    value: float | None = None
    mean: float | None = None
    stddev: float | None = None
    median: float | None = None
    sigma: float | None = None
    min: float | None = None
    max: float | None = None

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """So many numbers, in the unit of the manifest."""
        numbers = self._free(count, rng)
        return np.clip(numbers, self.min or 0.0, np.inf if self.max is None else self.max)

    def whole(self, count: int, rng: np.random.Generator) -> list[int]:
        """So many whole numbers from 1 up."""
        numbers: list[int] = np.maximum(1, np.rint(self.draw(count, rng))).astype(np.int64).tolist()
        return numbers

    def _free(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        if self.kind == "uniform":
            return rng.uniform(self.min or 0.0, self.max or 0.0, size=count)
        if self.kind == "exponential":
            return rng.exponential(self.mean or 0.0, size=count)
        if self.kind == "normal":
            return rng.normal(self.mean or 0.0, self.stddev or 0.0, size=count)
        if self.kind == "lognormal":
            return (self.median or 0.0) * np.exp(rng.normal(0.0, self.sigma or 0.0, size=count))
        return np.full(count, self.value or 0.0)


def drawn_from(written: Any, where: str) -> Drawn:
    """Of a number, which is the same each time, or of an object that fits the schema.

    where: file and path. Raises ConfigError for what the distribution needs and does not have, or has and does not use.
    """
    if not isinstance(written, Mapping):
        return Drawn(kind="fixed", value=float(written))
    kind: Kind = written["distribution"]
    for key in NEEDS[kind]:
        if key not in written:
            raise ConfigError(f"{where}.{key}: missing: distribution {kind} has {', '.join(NEEDS[kind])}")
    allowed = {*NEEDS[kind], *(() if kind == "fixed" else _ENDS)}
    for key, value in written.items():
        if key != "distribution" and key not in allowed:
            raise ConfigError(
                f"{where}.{key}: {value!r} has no meaning with distribution {kind}; it has {', '.join(sorted(allowed))}"
            )
    made = Drawn(kind=kind, **{key: float(value) for key, value in written.items() if key != "distribution"})
    if made.min is not None and made.max is not None and made.min > made.max:
        raise ConfigError(f"{where}.min: {made.min:g} is above max, {made.max:g}")
    return made
