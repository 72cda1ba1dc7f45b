"""The schema of names in SLOs agrees with the parser on everything but bounds that judge nothing."""

import re

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.verdicts.slo import parse_goodput, parse_slo
from ragmeter.core.verdicts.slo_schema import slo_schema

PATTERN = re.compile(slo_schema()["properties"]["slo"]["items"]["pattern"])
SUBJECTS = [f"{statistic}({name})" for name in METRICS for statistic in ("p95", "p99.9", "mean", "max")] + [*METRICS]
WORDS = [
    "p95(ttft) <= 1",
    "median(ttft_ms) <= 1",
    "p95 (ttft_ms)<=1e3",
    " p50( e2e_ms ) < 7 ",
    "p95(ttft_ms) <= 9 at 8/s",
]
MORE = ["p100(ttft_ms) <= 1", "p95(ttft_ms) = 1", "p95(ttft_ms) <= fast", "errors <= 2", "", "p95(ttft_ms) <= 9 at 8"]


def is_parsed(expression: str) -> bool:
    try:
        parse_slo(expression, "here")
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize("operator", ["<=", "<", ">=", ">"])
def test_schema_and_parser_agree_on_every_metric_statistic_and_direction(operator: str) -> None:
    expressions = [f"{subject} {operator} 0.5" for subject in SUBJECTS]
    assert [text for text in expressions if bool(PATTERN.search(text)) != is_parsed(text)] == []


@pytest.mark.parametrize("expression", [*WORDS, *MORE])
def test_schema_and_parser_agree_on_what_people_write(expression: str) -> None:
    assert bool(PATTERN.search(expression)) == is_parsed(expression)


@pytest.mark.parametrize("name", METRICS)
def test_schema_and_parser_agree_on_bounds_of_one_request(name: str) -> None:
    allowed = slo_schema()["properties"]["goodput"]["propertyNames"]["enum"]
    if name in allowed:
        assert parse_goodput({name: 0.5}, "here") == {name: 0.5}
    else:
        with pytest.raises(ConfigError):
            parse_goodput({name: 0.5}, "here")


def test_checked_in_schema_is_the_generated_one() -> None:
    assert schema("slo.v1") == slo_schema(), "run: python tools/write_schemas.py"
