"""Other prices for a saved run, and what is asked of them; shared by the commands that talk of money."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ragmeter.clients.files import read_yaml, schema
from ragmeter.core.cost import offered
from ragmeter.core.economics import Terms
from ragmeter.core.errors import ConfigError
from ragmeter.core.schema import check
from ragmeter.core.sides import SavedRun
from ragmeter.run import catalog


def add_offer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--offer", metavar="NAME", help="prices of an offer of the price sheet, such as spot")


def add_terms(parser: argparse.ArgumentParser) -> None:
    add_offer(parser)
    parser.add_argument(
        "--demand", type=_positive, metavar="N", help="good requests a month: what serving them costs, and what is idle"
    )
    parser.add_argument(
        "--api-price",
        type=_positive,
        metavar="USD",
        help="price of an API per 1M output tokens: from which load on the cluster is cheaper",
    )


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def terms_of(options: argparse.Namespace) -> Terms:
    return Terms(good_requests_per_month=options.demand, api_usd_per_1m_tokens=options.api_price)


def priced(run: SavedRun, *, prices: str | None, offer: str | None) -> SavedRun:
    """By the price sheet of another provider file, or by an offer of the sheet, or both. ConfigError."""
    plan = run.plan
    if prices:
        path = catalog.find(prices, "provider")
        plan = replace(plan, cost=_prices(path), provider_path=catalog.shown(path))
    if offer:
        if plan.cost is None:
            raise ConfigError(f"--offer: {run.path} has no price sheet; name one with --prices")
        plan = replace(plan, cost=offered(plan.cost, offer, plan.provider_path))
    return replace(run, plan=plan)


def _prices(path: Path) -> Mapping[str, Any]:
    """The price sheet of a provider file. Its references to the environment, such as the URL, need not be set."""
    document = read_yaml(path)
    check(document, schema("provider.v1"), str(path))
    prices: Mapping[str, Any] | None = document.get("cost")
    if prices is None:
        raise ConfigError(f"{path}: $.cost: missing; there are no prices in this provider file")
    return prices
