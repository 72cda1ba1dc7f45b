"""Other prices for a saved run, and what is asked of them; shared by the commands that talk of money."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ragmeter.clients.files import read_yaml, schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.unversioned import versioned
from ragmeter.core.money.api_prices import ApiPrices
from ragmeter.core.money.cost import Cost, offered, withhold
from ragmeter.core.money.cost_config import is_cost_config, sheet_of
from ragmeter.core.money.economics import Terms
from ragmeter.core.money.month import Hours, month_profile
from ragmeter.core.result.documented import documented, overspent_by
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schema import check
from ragmeter.report.words.naming import provider_name
from ragmeter.run.plan import catalog
from ragmeter.run.processes.streams import notice


def add_prices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prices",
        metavar="PROVIDER|FILE",
        help="prices to take: of a provider, by its name or file, or a cost-config.yaml with a section for the run's",
    )
    parser.add_argument("--offer", metavar="NAME", help="prices of an offer of the price sheet, such as spot")


def add_terms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--demand", type=_positive, metavar="N", help="good requests a month: what serving them costs, and what is idle"
    )
    parser.add_argument(
        "--api",
        type=_api,
        metavar="FILE|NAME",
        help="prices of an API: what it bills for the measured requests, and from which load on the cluster is cheaper",
    )
    parser.add_argument(
        "--hours",
        type=_hours,
        action="append",
        metavar="HOURS:REQUESTS",
        help="hours of a month with so many good requests in each, such as 176:20000; may be repeated, the hours that "
        "are left of 730 are without requests: what the month costs always on, switched off while idle, autoscaled",
    )
    parser.add_argument(
        "--min-replicas",
        type=_count,
        metavar="N",
        help="with --hours: replicas that autoscaling keeps while nobody asks (default 1)",
    )


def _api(text: str) -> ApiPrices:
    try:
        return catalog.load_api_prices(text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _hours(text: str) -> Hours:
    hours, colon, requests = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOURS:REQUESTS, such as 176:20000")
    return Hours(hours=_positive(hours), requests_per_hour=_number(requests))


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not 0 or above")
    return value


def _count(text: str) -> int:
    value = _number(text)
    if value != int(value):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number")
    return int(value)


def _positive(text: str) -> float:
    value = _number(text)
    if not value:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def terms_of(options: argparse.Namespace) -> Terms:
    """Raises ConfigError for hours that are no month."""
    if options.min_replicas is not None and not options.hours:
        raise ConfigError("--min-replicas: needs --hours, the load that is scaled with")
    kept = 1 if options.min_replicas is None else options.min_replicas
    month = month_profile(options.hours, kept) if options.hours else None
    return Terms(good_requests_per_month=options.demand, api=options.api, month=month)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What was asked for. named: a provider or file; None for the prices of the run itself."""

    named: str | None = None
    offer: str | None = None

    @classmethod
    def asked(cls, options: argparse.Namespace) -> "Prices":
        return cls(named=options.prices, offer=options.offer)

    def of(self, provider: str, own: Mapping[str, Any] | None, *, path: str, where: str) -> tuple[Any, str]:
        """The price sheet for a run of the provider, and the file that it is from. own, path: those of the run.

        where: the run, in errors. The sheet is None without any. Raises ConfigError.
        """
        sheet = own
        if self.named:
            file = catalog.find(self.named, "provider")
            sheet, path = _sheet(file, provider), catalog.shown(file)
        if self.offer and sheet is None:
            raise ConfigError(f"--offer: {where} has no price sheet; name one with --prices")
        return (offered(sheet, self.offer, path) if self.offer and sheet is not None else sheet), path


def priced(run: SavedRun, prices: Prices) -> SavedRun:
    """By the price sheet of another file, or by an offer of the sheet, or both. ConfigError."""
    plan = run.plan
    sheet, path = prices.of(plan.provider, plan.cost, path=plan.provider_path, where=run.path)
    return replace(run, plan=replace(plan, cost=sheet, provider_path=path))


def cost_of_document(result: RunResult, prices: Prices, where: str) -> tuple[Cost | None, str | None]:
    """Of a result whose requests are not there: its own, or by another price sheet; and the file of the prices."""
    if prices.named is None and prices.offer is None:
        return None if result.cost is None else withhold(result.cost, overspent_by(result)), result.cost_reference
    if prices.named is None:
        raise ConfigError(f"--offer: {where} has its prices and not the sheet of them; name one with --prices")
    sheet, path = prices.of(provider_name(result), None, path="", where=where)
    found = documented(result).cost(sheet, today=datetime.fromisoformat(result.started_at).date())
    return withhold(found, overspent_by(result)), path


def _sheet(path: Path, provider: str) -> Mapping[str, Any]:
    """Of a provider file, whose references to the environment need not be set, or of a cost config."""
    document = read_yaml(path)
    if is_cost_config(document):
        return sheet_of(document, provider, schema=schema("provider.v1"), where=catalog.shown(path))
    document, notices = versioned(document, schema("provider.v1"), str(path))
    notice(notices)
    check(document, schema("provider.v1"), str(path))
    prices: Mapping[str, Any] | None = document.get("cost")
    if prices is None:
        raise ConfigError(f"{path}: $.cost: missing; there are no prices in this provider file")
    return prices
