"""Files with the prices of an API: what ships, and what is refused before any figure."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.money.api_prices import API_PRICES, api_prices_from
from ragmeter.run.plan import catalog

FILE: dict[str, Any] = {
    "schema": "api-prices.v1",
    "name": "mine",
    "as_of": "2026-06-21",
    "source": "price page",
    "usd_per_1m_input_tokens": 0.4,
    "usd_per_1m_cached_input_tokens": 0.1,
    "usd_per_1m_output_tokens": 1.6,
}


def read(**fields: Any) -> object:
    document = {key: value for key, value in {**FILE, **fields}.items() if value is not None}
    return api_prices_from(document, schema=schema(API_PRICES), where="mine.yaml")


def test_each_shipped_file_has_its_name_a_day_and_a_source() -> None:
    names = list(catalog.known("price list"))
    assert names
    for name in names:
        prices = catalog.load_api_prices(name)
        assert prices.name == name
        assert date.fromisoformat(prices.as_of)
        assert "not read on that page itself" in prices.source
        assert "example" in (prices.description or "")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"usd_per_1m_input_tokens": -0.4}, "$.usd_per_1m_input_tokens: -0.4 is not >= 0"),
        ({"usd_per_1m_output_tokens": "1.60"}, "$.usd_per_1m_output_tokens: '1.60' is not of type number"),
        ({"usd_per_1m_output_tokens": None}, "$: 'usd_per_1m_output_tokens' is missing"),
        ({"usd_per_1k_searches": float("inf")}, "$.usd_per_1k_searches: inf is not of type number"),
        ({"as_of": None}, "$: 'as_of' is missing"),
        ({"as_of": "June"}, "$.as_of: 'June' is not a date"),
        ({"source": None}, "$: 'source' is missing"),
        ({"source": ""}, "$.source: '' must not be empty"),
        (
            {"usd_per_1m_cache_input_tokens": 0.1},
            "$.usd_per_1m_cache_input_tokens: unknown key; did you mean 'usd_per_1m_cached_input_tokens'?",
        ),
        (
            {"usd_per_1m_cached_input_tokens": 0.5},
            "$.usd_per_1m_cached_input_tokens: 0.5 is more than usd_per_1m_input_tokens, 0.4",
        ),
        ({"schema": "provider.v1"}, "$.schema: 'provider.v1' is not 'api-prices.v1'"),
    ],
)
def test_a_file_that_is_no_price_list_is_refused_in_one_sentence(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(**fields)
    assert str(refused.value).startswith("mine.yaml: ")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "fields", [{"usd_per_1m_cached_input_tokens": 0.4}, {"usd_per_1m_cached_input_tokens": None}, {"notes": "ours"}]
)
def test_prices_that_can_be_are_read(fields: dict[str, Any]) -> None:
    assert read(**fields)


def test_validate_reads_them_as_a_command_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.yaml"
    lines = [f"{key}: {value!r}" for key, value in FILE.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["validate", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: a valid api-prices.v1\n"
    path.write_text("\n".join([*lines[:-2], "usd_per_1m_cached_input_tokens: 0.9", lines[-1]]), encoding="utf-8")
    assert main(["validate", str(path)]) == 2
    assert "0.9 is more than usd_per_1m_input_tokens" in capsys.readouterr().err
