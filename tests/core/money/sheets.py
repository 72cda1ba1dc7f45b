"""Figures of runs as plain as a sheet of money needs them, so that it can be computed by hand."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.summary import summarise
from ragmeter.core.money.api_prices import ApiPrices
from ragmeter.core.money.cost import Cost, cost_of, price_sheet_from
from ragmeter.core.money.documented import Documented
from ragmeter.core.requests.records import Phase
from ragmeter.core.stats.estimate import Estimate

CLUSTER = {
    "as_of": "2026-06-30",
    "source": "list prices",
    "gpu_node_usd_per_hr": 0.52,
    "gpu_node_count": 1,
    "cpu_node_usd_per_hr": 0.036,
    "cpu_node_count": 2,
    "cluster_mgmt_usd_per_hr": 0,
}
"""0.592 USD an hour, 0.52 of it the GPU node."""


def api(**fields: Any) -> ApiPrices:
    """0.40 USD per million input tokens, 0.10 for cached ones and 1.60 for output, unless ``fields`` say otherwise."""
    return ApiPrices(
        **{
            "name": "api",
            "as_of": "2026-06-21",
            "source": "price page",
            "usd_per_1m_input_tokens": 0.40,
            "usd_per_1m_cached_input_tokens": 0.10,
            "usd_per_1m_output_tokens": 1.60,
            **fields,
        }
    )


def rate(value: float | None, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=1000, enough=True)


def measured(
    *,
    requests: int = 1000,
    input_tokens: int | None = 3_000_000,
    cached: int | None = 1_000_000,
    output: int | None = 200_000,
    goodput: Estimate | None = None,
    means: dict[str, Estimate] | None = None,
) -> Documented:
    """So many good requests with so many tokens together; two a second, unless told otherwise."""
    empty = summarise([], Phase.MEASURED)
    phase = replace(
        empty.phase,
        requests=requests,
        success=requests,
        duration_seconds=500.0,
        total_prompt_tokens=input_tokens,
        total_cached_tokens=cached,
        total_tokens=output,
    )
    return Documented(
        phase=phase,
        rates={**empty.rates, "goodput_rps": goodput or rate(2.0)},
        trials=5,
        good=requests,
        good_tokens=output,
        distributions={name: _with_mean(mean) for name, mean in (means or {}).items()},
    )


def _with_mean(mean: Estimate) -> Distribution:
    unknown = rate(None)
    return Distribution(
        unit="tokens", n=mean.n, mean=mean, p50=unknown, p90=unknown, p95=unknown, p99=unknown, min=None, max=None
    )


def cost(found: Documented, received_bytes: int = 0, **sheet: Any) -> Cost:
    return cost_of(
        price_sheet_from({**CLUSTER, **sheet}),
        found.phase,
        good=found.good,
        good_tokens=found.good_tokens,
        received_bytes=received_bytes,
        today=date(2026, 7, 1),
    )


def cents(usd: float | None) -> Decimal:
    """A binary fraction is off by a part in 10^16: at these sizes, rounded to the cent it is the decimal's cent."""
    assert usd is not None
    return Decimal(repr(usd)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
