"""Durations and shares with their units."""

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.requests.amounts import amount, with_plain_numbers


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10", "s", 10),
        ("10s", "s", 10),
        ("1.5s", "s", 1.5),
        (" 500 ms ", "s", 0.5),
        ("2m", "s", 120),
        ("1h", "s", 3600),
        ("1.1s", "ms", 1100),
        ("90s", "min", 1.5),
        ("0.1%", "ratio", 0.001),
        ("0.05", "ratio", 0.05),
    ],
)
def test_amount_is_a_number_of_the_unit_and_whole_where_it_is(text: str, unit: str, value: float) -> None:
    found = amount(text, unit)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "unit"), [("", "s"), ("s", "s"), ("10%", "s"), ("10s", "ratio"), ("nan", "s"), ("1:30", "s")]
)
def test_anything_else_is_refused_with_examples(text: str, unit: str) -> None:
    with pytest.raises(ValueError, match=r"is not like (10, 1\.5s|0\.01 or 1%)"):
        amount(text, unit)


def test_each_key_that_has_a_unit_takes_it_wherever_it_stands() -> None:
    written = {
        "benchmark": {"timeout": "10s", "duration": "2m", "cool_down": "500ms", "requests": "7s"},
        "load": {"search": {"at_least": "99%", "resolution": "5%", "max_minutes": "1h"}},
        "until": {"ci_width": "5%", "max_minutes": "90s"},
        "sessions": {"think_time": {"distribution": "exponential", "mean": "1.5s"}},
        "leaving": {"share": "5%", "after": "300ms"},
        "goodput": {"ttft_ms": "1.5s", "stall_ratio": "1%", "tokens_per_s": 3},
        "name": "10s",
    }
    assert with_plain_numbers(written, schema("workload.v1")) == {
        "benchmark": {"timeout": 10, "duration": 120, "cool_down": 0.5, "requests": "7s"},
        "load": {"search": {"at_least": 0.99, "resolution": 0.05, "max_minutes": 60}},
        "until": {"ci_width": "5%", "max_minutes": 1.5},
        "sessions": {"think_time": {"distribution": "exponential", "mean": 1.5}},
        "leaving": {"share": 0.05, "after": 0.3},
        "goodput": {"ttft_ms": 1500, "stall_ratio": 0.01, "tokens_per_s": 3},
        "name": "10s",
    }


def test_provider_file_takes_units_too() -> None:
    written = {"local": {"startup_timeout": "2m"}, "netprobe": {"seconds": "3s", "timeout": "1.5m"}}
    assert with_plain_numbers(written, schema("provider.v1")) == {
        "local": {"startup_timeout": 120},
        "netprobe": {"seconds": 3, "timeout": 90},
    }
