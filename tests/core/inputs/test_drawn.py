"""Numbers that are drawn: each distribution has its mean and its ends, and the same seed has the same numbers."""

from typing import Any

import numpy as np
import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.drawn import drawn_from

MANY = 20_000
DRAWS: dict[str, tuple[Any, float, float, float]] = {
    "a number": (7, 7, 7, 7),
    "fixed": ({"distribution": "fixed", "value": 0.5}, 0.5, 0.5, 0.5),
    "uniform": ({"distribution": "uniform", "min": 2, "max": 6}, 4, 2, 6),
    "exponential": ({"distribution": "exponential", "mean": 8}, 8, 0, np.inf),
    "exponential, held": ({"distribution": "exponential", "mean": 8, "min": 100, "max": 100}, 100, 100, 100),
    "normal": ({"distribution": "normal", "mean": 50, "stddev": 5}, 50, 0, np.inf),
    "normal without spread": ({"distribution": "normal", "mean": 50, "stddev": 0}, 50, 50, 50),
    "lognormal": ({"distribution": "lognormal", "median": 10, "sigma": 0.5}, 10 * np.exp(0.125), 0, np.inf),
}


@pytest.mark.parametrize(("written", "mean", "least", "most"), DRAWS.values(), ids=DRAWS)
def test_draws_have_the_mean_and_the_ends(written: Any, mean: float, least: float, most: float) -> None:
    drawn = drawn_from(written, "mine.yaml: $.x")
    numbers = drawn.draw(MANY, np.random.default_rng(1))
    assert numbers.mean() == pytest.approx(mean, rel=0.03)
    assert least <= numbers.min() <= numbers.max() <= most
    assert (numbers == drawn.draw(MANY, np.random.default_rng(1))).all()


def test_whole_numbers_begin_with_one() -> None:
    drawn = drawn_from({"distribution": "normal", "mean": 1, "stddev": 3}, "x")
    assert min(drawn.whole(1000, np.random.default_rng(1))) == 1


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing to draw from": ({"distribution": "exponential"}, "$.x.mean: missing: distribution exponential has mean"),
    "half of it": ({"distribution": "normal", "mean": 3}, "$.x.stddev: missing: distribution normal has mean, stddev"),
    "of another": ({"distribution": "uniform", "min": 1, "max": 2, "mean": 1}, "$.x.mean: 1 has no meaning with"),
    "an end of what has none": ({"distribution": "fixed", "value": 1, "max": 2}, "$.x.max: 2 has no meaning with"),
    "ends that cross": ({"distribution": "uniform", "min": 3, "max": 2}, "$.x.min: 3 is above max, 2"),
}


@pytest.mark.parametrize(("written", "words"), BAD.values(), ids=BAD)
def test_what_a_distribution_lacks_is_said(written: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        drawn_from(written, "mine.yaml: $.x")
    assert str(refused.value).startswith(f"mine.yaml: {words}")
