"""The effects of a factorial plan as contrasts: by which weight each cell counts in each of them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 1e-8

Vector = NDArray[np.float64]


class Contrasts:
    """Least squares on the cells of a plan, with a mean, the main effects and the interactions that are asked for.

    grid: of each cell, the place of the level of each factor. levels: how many each factor has. interactions: pairs of
    factors. Levels are coded so that they add up to nothing: an effect is that at the mean of all other factors.
    """

    def __init__(
        self, grid: Sequence[Sequence[int]], levels: Sequence[int], interactions: Sequence[tuple[int, int]]
    ) -> None:
        self._levels, self._interactions = tuple(levels), tuple(interactions)
        self._model = np.array([self._row(dict(enumerate(cell))) for cell in grid], dtype=np.float64)
        self._inverse = np.linalg.pinv(self._model.T @ self._model)

    def main(self, factor: int, low: int, high: int) -> tuple[float, ...] | None:
        """Of the change of a factor from one level to another; None where the cells do not show it."""
        return self._weights(self._row({factor: high}) - self._row({factor: low}))

    def interaction(self, first: tuple[int, int, int], second: tuple[int, int, int]) -> tuple[float, ...] | None:
        """By how much the effect of ``first`` is another at the high level of ``second`` than at its low one.

        first, second: factor, low and high level.
        """
        (one, low, high), (other, below, above) = first, second
        at_above = self._row({one: high, other: above}) - self._row({one: low, other: above})
        at_below = self._row({one: high, other: below}) - self._row({one: low, other: below})
        return self._weights(at_above - at_below)

    def _weights(self, wanted: Vector) -> tuple[float, ...] | None:
        weights = self._model @ (self._inverse @ wanted)
        if not np.allclose(self._model.T @ weights, wanted, atol=_TOLERANCE):
            return None
        return tuple(float(weight) for weight in weights)

    def _row(self, at: Mapping[int, int]) -> Vector:
        """at: place by factor; the mean over those of a factor that is left out."""
        coded = [_coded(at.get(factor), count) for factor, count in enumerate(self._levels)]
        parts: list[Vector] = [np.ones(1), *coded]
        parts += [np.outer(coded[one], coded[other]).ravel() for one, other in self._interactions]
        return np.concatenate(parts)


def _coded(place: int | None, count: int) -> Vector:
    row = np.zeros(count - 1)
    if place is None:
        return row
    if place == count - 1:
        return row - 1
    row[place] = 1
    return row
