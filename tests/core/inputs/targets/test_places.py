"""Places are what the JMESPath library makes of an expression, whichever way they are read."""

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from ragmeter.core.inputs.targets.places import is_true, place_of

KEYS = ["a", "b", "choices", "0"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.sampled_from(["", "x", "length"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=12,
)
EXPRESSIONS = [
    "@", "a", "a.b", '"0".a', "choices[0].a.b", "a[-1]", "a[0][1]", "a || b", "a.b || b || choices[0]", "a[5] || `0`",
    "a[].b", "a[*].b", "a[?b].a", "a[].b.[a, b][]", "*.a", "a | b", "[a, b]", "{x: a}", "not_null(a, b)", "type(a)",
    "length(a)", "join(', ', a)", "keys(@)", "contains(keys(@), 'a')", "a.type(@)", "a && b", "!a", "a == b",
    "(a || b).b", "a[0:1]", "sort_by(a, &b)[0]", "max(a)",
]  # fmt: skip


def by_the_library(expression: str, value: Any) -> Any:
    try:
        return jmespath.search(expression, value)
    except (JMESPathError, TypeError, ValueError):
        return None


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(value=JSON)
def test_a_place_has_what_the_library_finds(expression: str, value: Any) -> None:
    assert place_of(expression, "x")(value) == by_the_library(expression, value)


@given(value=JSON)
def test_truth_is_that_of_the_library(value: Any) -> None:
    assert is_true(value) == (jmespath.search("a || 'no'", {"a": value}) is value or value == "no")
