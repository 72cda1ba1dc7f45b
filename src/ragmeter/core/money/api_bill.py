"""What an API would bill for the measured requests, and the load at which the cluster costs the same.

A bill is a sum over requests, so its tokens are arithmetic means of all successes. Its interval adds those of the three
means end by end: it holds at least what it promises, however the means depend on one another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from ragmeter.core.figures.figured import Figured
from ragmeter.core.money.api_prices import ApiPrices
from ragmeter.core.money.cost import STALE_AFTER_DAYS, Cost
from ragmeter.core.stats.estimate import Estimate, estimate_exact, falling, rising


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Of a request, as the API counts them. cached: the part of the input that is billed as such."""

    input: Estimate
    cached: Estimate
    output: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """requests_per_hour: good ones for which the API bills what the cluster costs in that hour, busy or not.

    of_capacity_ratio: their share of what the cluster serves at the measured goodput: above 1 the API is cheaper
    whatever the load.
    """

    requests_per_hour: Estimate
    of_capacity_ratio: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiBill:
    """parts: USD of a request by what is billed: input, cached input, output, search.

    withheld: why there is no bill, or no break-even. warnings: what the bill leaves out.
    """

    prices: ApiPrices
    tokens: Tokens | None
    parts: dict[str, float]
    usd_per_request: Estimate
    break_even: BreakEven | None
    withheld: str | None = None
    warnings: tuple[str, ...] = ()


NO_BILL = estimate_exact(None, 0)


def api_bill(prices: ApiPrices, cost: Cost, figures: Figured) -> ApiBill:
    if (why := _unbilled(figures)) is not None:
        return ApiBill(prices=prices, tokens=None, parts={}, usd_per_request=NO_BILL, break_even=None, withheld=why)
    tokens, untold = _tokens(prices, figures)
    parts = _parts(prices, {name: getattr(tokens, name).value or 0.0 for name in ("input", "cached", "output")})
    usd = _usd(prices, tokens, sum(parts.values()))
    found, why = _break_even(usd, cost, figures)
    return ApiBill(
        prices=prices,
        tokens=tokens,
        parts=parts,
        usd_per_request=usd,
        break_even=found,
        withheld=why,
        warnings=(*untold, *_far_apart(prices, cost)),
    )


def _unbilled(figures: Figured) -> str | None:
    phase = figures.phase
    if not phase.success:
        return "no request succeeded"
    for words, total in (("prompt", phase.total_prompt_tokens), ("output", phase.total_tokens)):
        if total is None:
            return f"the {words} tokens of some responses are unknown, and the API bills them"
    return None


def _tokens(prices: ApiPrices, figures: Figured) -> tuple[Tokens, tuple[str, ...]]:
    """And what must be said of them: cached tokens that nobody tells are billed as other input."""
    phase = figures.phase
    cached = phase.total_cached_tokens if prices.discount else 0
    untold = (
        () if cached is not None else ("the cached tokens of responses are unknown: all input is billed as not cached",)
    )
    return Tokens(
        input=_per_request(figures, "prompt_tokens", phase.total_prompt_tokens or 0),
        cached=_per_request(figures, "cached_tokens", cached or 0),
        output=_per_request(figures, "output_tokens", phase.total_tokens or 0),
    ), untold


def _per_request(figures: Figured, metric: str, total: int) -> Estimate:
    """``total`` per success, with the relative interval of the metric's mean."""
    success = figures.phase.success
    if not total:
        return replace(estimate_exact(0.0, success), low=0.0, high=0.0)
    value, mean = total / success, figures.estimate(metric, "mean")
    if mean is None or not mean.value:
        return estimate_exact(value, success)
    low, high = (None if end is None else max(0.0, value * end / mean.value) for end in (mean.low, mean.high))
    return Estimate(value=value, low=low, high=high, n=success, enough=mean.enough)


def _parts(prices: ApiPrices, tokens: Mapping[str, float]) -> dict[str, float]:
    """What costs nothing is left out."""
    found = {
        "input": (tokens["input"] - tokens["cached"]) * prices.usd_per_1m_input_tokens / 1e6,
        "cached input": tokens["cached"] * (prices.usd_per_1m_cached_input_tokens or 0.0) / 1e6,
        "output": tokens["output"] * prices.usd_per_1m_output_tokens / 1e6,
        "search": (prices.usd_per_1k_searches or 0.0) / 1e3,
    }
    return {name: usd for name, usd in found.items() if usd}


def _usd(prices: ApiPrices, tokens: Tokens, value: float) -> Estimate:
    """More cached tokens make a bill smaller: their upper end is in the lower one of the bill."""
    each = (tokens.input, tokens.cached, tokens.output)

    def end(input_tokens: float | None, cached: float | None, output: float | None) -> float | None:
        if input_tokens is None or cached is None or output is None:
            return None
        return sum(
            _parts(prices, {"input": input_tokens, "cached": min(cached, input_tokens), "output": output}).values()
        )

    return Estimate(
        value=value,
        low=end(tokens.input.low, tokens.cached.high, tokens.output.low),
        high=end(tokens.input.high, tokens.cached.low, tokens.output.high),
        n=tokens.input.n,
        enough=all(at.enough for at in each),
    )


def _break_even(usd: Estimate, cost: Cost, figures: Figured) -> tuple[BreakEven | None, str | None]:
    """And why there is none. The bytes that leave the cluster for a request are saved where the API answers it."""
    goodput, hourly = figures.rates["goodput_rps"], cost.hourly_cluster_cost_usd
    if hourly is None:
        return None, "the cost of the cluster is not known"
    if not goodput.value or not figures.good:
        return None, "no request was good, so the cluster serves none at this load"
    traffic = (cost.egress_cost_usd or 0.0) / figures.good
    if not usd.value or usd.value <= traffic:
        billed = "bills nothing" if not usd.value else "bills less than the traffic of a request costs"
        return None, f"the API {billed}: it is cheaper at any load"
    per_hour = falling(rising(usd, lambda billed: max(0.0, billed - traffic)), lambda saved: hourly / saved)
    return BreakEven(requests_per_hour=per_hour, of_capacity_ratio=_share(per_hour, goodput)), None


def _share(per_hour: Estimate, goodput: Estimate) -> Estimate:
    """Both intervals end by end, as the fewest requests meet the highest goodput at worst."""
    pairs = ((per_hour.value, goodput.value), (per_hour.low, goodput.high), (per_hour.high, goodput.low))
    value, low, high = (load / (rps * 3600) if load is not None and rps else None for load, rps in pairs)
    return replace(goodput, value=value, low=low, high=high, enough=per_hour.enough and goodput.enough)


def _far_apart(prices: ApiPrices, cost: Cost) -> tuple[str, ...]:
    """Prices of two seasons are no comparison."""
    if cost.as_of is None:
        return ()
    days = abs((date.fromisoformat(prices.as_of) - date.fromisoformat(cost.as_of)).days)
    if days <= STALE_AFTER_DAYS:
        return ()
    return (
        f"the prices of the API ({prices.as_of}) and of the cluster ({cost.as_of}) are {days} days apart: read both "
        "again on one day",
    )
