"""Results of the predecessor, as far as a command takes them as they are."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from ragmeter.cli.options.pricing import Prices
from ragmeter.clients.files import read_document
from ragmeter.core.compare.importers.demo import DEMO, documented_demo
from ragmeter.core.compare.importers.known import importer_of
from ragmeter.core.errors import ConfigError
from ragmeter.core.money.cost import Cost, withhold
from ragmeter.core.money.documented import Documented
from ragmeter.core.verdicts.error_budget import overspent_in

_WARM_UP = "its duration holds the warm-up: what is paid for time is too high by its share"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """One of its results. provider: as it says, or by the folder that it kept the results of a provider in."""

    path: Path
    provider: str
    on: date | None
    figures: Documented

    def cost(self, prices: Prices) -> Cost:
        """Raises ConfigError where no prices are named: it has none of its own."""
        if prices.named is None:
            raise ConfigError(f"{self.path}: has no prices; name them with --prices PROVIDER|FILE")
        sheet, _ = prices.of(self.provider, None, path="", where=str(self.path))
        found = self.figures.cost(sheet, today=self.on or date.fromisoformat(sheet["as_of"]))
        spent = overspent_in((), self.figures.phase)
        return withhold(replace(found, warnings=(*found.warnings, _WARM_UP)), spent)


def load_demo(path: Path) -> DemoResult | None:
    """None for any other file. Raises ConfigError for a result that is not as the predecessor writes it."""
    document = read_document(path) if path.suffix == ".json" else None
    if importer_of(document) is not DEMO or not isinstance(document, dict):
        return None
    metadata = document.get("run_metadata") or {}
    try:
        figures, at = documented_demo(document), metadata.get("timestamp")
        on = datetime.fromisoformat(at).date() if at else None
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path}: is not as {DEMO.tool} writes it: {type(error).__name__}: {error}") from error
    return DemoResult(path=path, provider=metadata.get("provider") or path.parent.name, on=on, figures=figures)
