"""The hourly price of each provider's cluster, from its provider file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

HOURS_PER_MONTH: Final = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyPrice:
    """List price of all that has a price by the hour or month. source: where and when it was read."""

    provider: str
    usd_per_hr: float
    source: str

    @property
    def variable(self) -> str:
        """The dashboard variable that holds it: a viewer with other prices writes them there."""
        return "usd_per_hr_" + re.sub(r"\W", "_", self.provider)


def hourly_prices(folder: Path) -> tuple[HourlyPrice, ...]:
    """Of every provider file with prices, by name. Raises KeyError where a file has a price without its count."""
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
    return tuple(_price(document["name"], document["cost"]) for document in documents if "cost" in document)


def _price(provider: str, cost: Mapping[str, Any]) -> HourlyPrice:
    nodes = sum(cost[f"{kind}_node_usd_per_hr"] * cost[f"{kind}_node_count"] for kind in ("gpu", "cpu"))
    extra = sum(
        cost.get(f"{kind}_usd_per_hr", 0) * cost.get(f"{kind}_count", 1) for kind in ("load_balancer", "nat_gateway")
    )
    storage = cost.get("storage_usd_per_gb_month", 0) * cost.get("storage_gb", 0) / HOURS_PER_MONTH
    usd_per_hr = round(nodes + cost["cluster_mgmt_usd_per_hr"] + extra + storage, 6)
    return HourlyPrice(provider=provider, usd_per_hr=usd_per_hr, source=f"{cost['source']} ({cost['as_of']})")
