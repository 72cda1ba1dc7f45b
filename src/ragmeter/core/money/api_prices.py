"""What a hosted API bills for, from a file that fits ``api-prices.v1``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ragmeter.core.errors import ConfigError
from ragmeter.core.schema import check

API_PRICES = "api-prices.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPrices:
    """USD per million tokens and per thousand searches. Reasoning tokens are output tokens.

    usd_per_1m_cached_input_tokens: None where the API has no discount for them. usd_per_1k_searches: of the search that
    each request makes; None where none is billed.
    """

    name: str
    as_of: str
    source: str
    usd_per_1m_input_tokens: float
    usd_per_1m_output_tokens: float
    usd_per_1m_cached_input_tokens: float | None = None
    usd_per_1k_searches: float | None = None
    description: str | None = None
    notes: str | None = None

    @property
    def discount(self) -> float:
        """USD by which a million cached input tokens are cheaper than others."""
        cached = self.usd_per_1m_cached_input_tokens
        return 0.0 if cached is None else self.usd_per_1m_input_tokens - cached


def api_prices_from(document: Any, *, schema: Mapping[str, Any], where: str) -> ApiPrices:
    """schema: ``api-prices.v1``. Raises ConfigError."""
    check(document, schema, where)
    prices = ApiPrices(**{key: value for key, value in document.items() if key != "schema"})
    if prices.discount < 0:
        raise ConfigError(
            f"{where}: $.usd_per_1m_cached_input_tokens: {prices.usd_per_1m_cached_input_tokens} is more than "
            f"usd_per_1m_input_tokens, {prices.usd_per_1m_input_tokens}: cached tokens are the cheaper ones"
        )
    return prices
