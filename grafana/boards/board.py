"""A dashboard as a record, and its JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from grafana.panels import DATASOURCE, Panel, build
from grafana.prices import HourlyPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """uid: fixed, so that links live on.

    providers_of: the metric whose label ``provider`` fills the choice of providers. prices: a text field each.
    """

    uid: str
    title: str
    about: str
    providers_of: str
    rows: Sequence[tuple[str, Sequence[Panel]]]
    prices: Sequence[HourlyPrice] = ()


def board_json(board: Board) -> str:
    return json.dumps(_dashboard(board).build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _dashboard(board: Board) -> builders.Dashboard:
    made = builders.Dashboard(board.title).uid(board.uid).description(board.about).tags(["ragmeter"]).editable()
    made.time("now-1h", "now").refresh("30s").timezone("utc").tooltip(DashboardCursorSync.CROSSHAIR)
    made.link(
        builders.DashboardLink("ragmeter").tags(["ragmeter"]).as_dropdown(True).include_vars(True).keep_time(True)
    )
    made.with_variable(builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    made.with_variable(_providers(board.providers_of))
    for price in board.prices:
        made.with_variable(_price(price))
    ids = count(1)
    for title, panels in board.rows:
        made.with_row(builders.Row(title).id(next(ids)))
        for panel in panels:
            made.with_panel(build(panel, next(ids)))
    return made


def _providers(metric: str) -> builders.QueryVariable:
    """``All`` is ``.*``, which also takes series without the label: a Prometheus of one cluster may attach none."""
    query = f"label_values({metric}, provider)"
    variable = builders.QueryVariable("provider").label("Provider").datasource(DATASOURCE)
    variable.query({"query": query, "refId": "providers"}).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    variable.sort(VariableSort.ALPHABETICAL_ASC).multi(True).include_all(True).all_value(".*")
    return variable.current(VariableOption(selected=True, text=["All"], value=["$__all"]))


def _price(price: HourlyPrice) -> builders.TextBoxVariable:
    value = f"{price.usd_per_hr:g}"
    variable = builders.TextBoxVariable(price.variable).label(f"{price.provider}, USD/h").description(price.source)
    return variable.default_value(value).current(VariableOption(selected=True, text=value, value=value))
