"""A soak says what grows and what does not; a short one runs from end to end."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.soak import Reading, soaked, svg, trend_of


def readings(slope_per_h: float, noise: float, *, count: int = 600) -> list[Reading]:
    return drawn(lambda at_h: 100 + slope_per_h * at_h, noise, count)


def drawn(true: Callable[[float], float], noise: float = 0.2, count: int = 600) -> list[Reading]:
    """An hour of what `true` says of each moment."""
    gauss = random.Random(3).gauss
    return [Reading(number * 3600 / count, true(number / count) + gauss(0, noise)) for number in range(count)]


@pytest.mark.parametrize(
    ("slope_per_h", "noise", "is_flat"), [(0, 0, True), (0, 5, True), (0.1, 5, True), (20, 2, False), (5, 0, False)]
)
def test_what_grows_beyond_its_noise_is_not_flat(slope_per_h: float, noise: float, is_flat: bool) -> None:
    trend = trend_of("backend", "memory, MiB", readings(slope_per_h, noise))
    assert trend is not None
    assert trend.is_flat is is_flat
    assert trend.whole.low <= slope_per_h + 1e-6
    assert trend.whole.high >= slope_per_h - 1e-6


@pytest.mark.parametrize(
    "true",
    [
        lambda at_h: 100 - 30 * math.exp(-at_h * 12),
        lambda at_h: 100 + 5 * (at_h > 0.5),
        lambda at_h: 100 + 0.5 * at_h,
    ],
    ids=["a pool that fills", "a single step", "a page now and then"],
)
def test_what_does_not_go_on_growing_is_flat(true: Callable[[float], float]) -> None:
    trend = trend_of("backend", "memory, MiB", drawn(true))
    assert trend is not None
    assert trend.is_flat
    assert not trend.grows


def test_too_few_readings_have_no_trend() -> None:
    assert trend_of("backend", "files", readings(0, 0, count=5)) is None


def test_a_short_soak_reads_every_process(tmp_path: Path) -> None:
    found, requests = soaked(tmp_path, minutes=0.3, streams=4)
    assert requests >= 4
    assert {name for name, _ in found} == {"backend", "client, reporting", "client, load process 0"}
    assert all(each.value > 0 for series in found.values() for each in series)
    assert svg(found).startswith("<svg")
