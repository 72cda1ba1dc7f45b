import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.report.html.scale import Scale, fitting, labelled, spanning, ticks

VALUES = st.lists(st.floats(min_value=0.001, max_value=1e6), min_size=1, max_size=20)


@given(VALUES)
def test_every_value_stands_on_the_scale_that_was_fitted_to_it(values: list[float]) -> None:
    for scale in (fitting(values), fitting(values, from_zero=True), spanning(values)):
        assert all(scale.low <= value * (1 + 1e-9) and value * (1 - 1e-9) <= scale.high for value in values)
        assert all(0 <= scale.share(value) <= 1 for value in values)


@given(VALUES, st.floats(min_value=0, max_value=1))
def test_position_and_value_are_inverse(values: list[float], share: float) -> None:
    scale = fitting(values)
    assert scale.share(scale.at(share)) == pytest.approx(share, abs=1e-6)


@given(VALUES)
def test_an_axis_has_few_ascending_ticks_within_its_ends(values: list[float]) -> None:
    scale = fitting(values)
    found = list(ticks(scale))
    assert 1 <= len(found) <= 8
    assert found == sorted(set(found))
    assert all(scale.low * (1 - 1e-9) - 1e-9 <= tick <= scale.high * (1 + 1e-9) for tick in found)


def test_ticks_are_round_numbers() -> None:
    assert list(ticks(Scale(low=0, high=5000))) == [0, 1000, 2000, 3000, 4000, 5000]
    assert [words for _, words in labelled(Scale(low=0, high=0.5), "ms")] == ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]


def test_a_wide_span_is_logarithmic_and_a_narrow_one_is_not() -> None:
    assert fitting([10, 1000]).log
    assert not fitting([10, 100]).log
    assert not fitting([0, 1000]).log


def test_an_axis_in_seconds_writes_milliseconds_divided() -> None:
    assert labelled(Scale(low=0, high=10_000), "ms as s")[1] == (2000, "2")


def test_a_scale_without_width_is_refused() -> None:
    with pytest.raises(ValueError, match="low < high"):
        Scale(low=1, high=1)
    with pytest.raises(ValueError, match="logarithmic"):
        Scale(low=0, high=1, log=True)
