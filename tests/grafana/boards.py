"""The checked-in dashboards as Grafana reads them: panels, queries, variables."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GRAFANA = Path(__file__).resolve().parents[2] / "grafana"
WINDOW = "60s"
"""What stands for the window of a panel: longer than the load of the test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelQuery:
    """A query of a panel. unit: of the panel, in Grafana's words; expr: with variables."""

    board: str
    panel_id: int
    panel: str
    ref: str
    unit: str
    expr: str
    defaults: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.board}: {self.panel} {self.ref}"

    def substituted(self, provider: str) -> str:
        """As Grafana sends it, with ``provider`` chosen. Longest names first, as one may begin with another."""
        values = {"provider": provider, "__rate_interval": WINDOW, "__range": WINDOW, **self.defaults}
        expr = self.expr
        for variable in sorted(values, key=len, reverse=True):
            expr = expr.replace(f"${variable}", values[variable])
        assert "$" not in expr, f"{self.name}: a variable is left in {expr}"
        return expr


def documents() -> list[dict[str, Any]]:
    paths = sorted((GRAFANA / "dashboards").glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def panel_queries() -> list[PanelQuery]:
    return [query for document in documents() for query in _queries(document)]


def event_queries() -> list[PanelQuery]:
    """The annotations, as if each were a panel."""
    return [
        PanelQuery(
            board=document["title"],
            panel_id=0,
            panel=events["name"],
            ref="A",
            unit="",
            expr=events["expr"],
            defaults=_defaults(document),
        )
        for document in documents()
        for events in document["annotations"].get("list", ())
    ]


def _defaults(document: Mapping[str, Any]) -> dict[str, str]:
    return {at["name"]: at["query"] for at in document["templating"]["list"] if at["type"] == "textbox"}


def _queries(document: Mapping[str, Any]) -> Iterator[PanelQuery]:
    for panel in document["panels"]:
        for target in panel.get("targets", ()):
            yield PanelQuery(
                board=document["title"],
                panel_id=panel["id"],
                panel=panel["title"],
                ref=target["refId"],
                unit=panel["fieldConfig"]["defaults"]["unit"],
                expr=target["expr"],
                defaults=_defaults(document),
            )


def provider_choices() -> list[tuple[str, str]]:
    """Of each dashboard: its title, and the metric whose label ``provider`` fills the choice."""
    found = []
    for document in documents():
        query = next(at["query"]["query"] for at in document["templating"]["list"] if at["name"] == "provider")
        found.append((document["title"], query.removeprefix("label_values(").removesuffix(", provider)")))
    return found
