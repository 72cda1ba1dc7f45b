import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.errors import StorageError
from ragmeter.core.figures.summary import Point
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.jsonfile import load_result, result_json
from tests.report.examples import bare, every_state, passing

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ESTIMATES = st.builds(
    Estimate,
    value=st.none() | NUMBERS,
    low=st.none() | NUMBERS,
    high=st.none() | NUMBERS,
    n=st.integers(min_value=0),
    enough=st.booleans(),
)
POINTS = st.builds(
    Point, t_s=NUMBERS, ttft_ms=st.none() | NUMBERS, e2e_ms=st.none(), tpot_ms=st.none(), error=st.text()
)


@pytest.mark.parametrize("result", every_state().values(), ids=every_state())
def test_a_result_survives_the_way_through_text_unchanged(result: RunResult) -> None:
    text = result_json(result)
    assert load_result(text) == result
    assert result_json(load_result(text)) == text


@given(
    metadata=st.dictionaries(st.text(), JSON_VALUES, max_size=4),
    rates=st.dictionaries(st.text(), ESTIMATES, max_size=3),
    points=st.lists(POINTS, max_size=3).map(tuple),
    outcome=st.sampled_from(Outcome),
)
def test_any_values_survive_the_way_through_text(
    metadata: dict[str, Any], rates: dict[str, Estimate], points: tuple[Point, ...], outcome: Outcome
) -> None:
    result = replace(bare(), run_metadata=metadata, rates=rates, points=points, outcome=outcome)
    text = result_json(result)
    text.encode()
    assert load_result(text) == result


def test_bytes_that_were_no_text_survive_as_escapes() -> None:
    result = replace(bare(), warnings=("cut in a character: \udce2",))
    text = result_json(result)
    text.encode()
    assert load_result(text) == result


def test_the_text_is_plain_json_with_one_line_a_point() -> None:
    text = result_json(passing())
    tree = json.loads(text)
    assert tree["outcome"] == "PASS"
    assert tree["schema"] == "benchmark-output.v1"
    assert isinstance(tree["verdicts"], list)
    assert sum(line.startswith('    {"t_s":') for line in text.splitlines()) == len(passing().points)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_cannot_carry_is_refused(value: float) -> None:
    at = replace(passing().rates["good_ratio"], low=value)
    with pytest.raises(StorageError, match="cannot be written as JSON: Out of range float"):
        result_json(replace(passing(), rates={"good_ratio": at}))


def test_a_value_without_a_place_in_json_is_refused() -> None:
    with pytest.raises(StorageError, match=r"cannot be written as JSON: .*<class 'object'>"):
        result_json(replace(bare(), run_metadata={"when": object()}))


@pytest.mark.parametrize("field", ["token_source", "ended_at", "edge", "steps", "undecided"])
def test_a_document_that_was_written_before_a_field_came_is_read(field: str) -> None:
    tree = json.loads(result_json(bare()))
    del tree[field]
    assert getattr(load_result(json.dumps(tree)), field) == RunResult.__dataclass_fields__[field].default


def _edited(edit: Callable[[dict[str, Any]], object]) -> str:
    tree = json.loads(result_json(passing()))
    edit(tree)
    return json.dumps(tree)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda tree: tree.pop("seed"), r"\$: 'seed' is missing"),
        (lambda tree: tree.update(sede=1), r"\$\.sede: unknown key; did you mean 'seed'\?"),
        (lambda tree: tree.update(seed="1"), r"\$\.seed: '1' is not of type integer"),
        (lambda tree: tree.update(seed=True), r"\$\.seed: True is not of type integer"),
        (lambda tree: tree.update(ttft_p50_ms="fast"), r"\$\.ttft_p50_ms: 'fast' fits none of what is allowed"),
        (lambda tree: tree.update(outcome="GOOD"), r"\$\.outcome: 'GOOD' is not one of PASS, FAIL, "),
        (lambda tree: tree.update(schema="v0"), r"\$\.schema: 'v0' is not 'benchmark-output.v1'"),
        (lambda tree: tree.update(points={}), r"\$\.points: {} is not of type array"),
        (lambda tree: tree.update(rates=[]), r"\$\.rates: \[\] is not of type object"),
        (lambda tree: tree["verdicts"][1].update(n=1.5), r"\$\.verdicts\[1\]\.n: 1.5 is not of type integer"),
        (lambda tree: tree["harness"].pop("clock"), r"\$\.harness: 'clock' is missing"),
        (lambda tree: tree.update(cost=3), r"\$\.cost: 3 fits none of what is allowed"),
    ],
)
def test_a_document_that_does_not_fit_is_refused_by_its_path(
    edit: Callable[[dict[str, Any]], object], message: str
) -> None:
    with pytest.raises(StorageError, match=message):
        load_result(_edited(edit))


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"seed": NaN}', '{"seed": Infinity}', '{"seed": 1e999}', "[" * 100_000]
)
def test_a_text_that_is_no_result_is_refused_with_its_file_name(text: str) -> None:
    with pytest.raises(StorageError, match=r"^reports/a\.json: "):
        load_result(text, where="reports/a.json")
