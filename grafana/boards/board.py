"""A dashboard as a record, and its JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    DashboardCursorSync,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from grafana.panels import DATASOURCE, Panel, build


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """A variable of the dashboard that the viewer writes. value: what stands there at first."""

    name: str
    label: str
    about: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Annotations: a mark for each series, at the Unix time in ms that is its value.

    title, text: in Grafana's words, with {{labels}}. A text may be a link.
    """

    name: str
    expr: str
    title: str
    text: str
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """uid: fixed, so that links live on.

    providers_of: the metric whose label ``provider`` fills the choice of providers.
    per_datasource: several datasources may be chosen, and each row is shown for every one of them.
    """

    uid: str
    title: str
    about: str
    providers_of: str
    rows: Sequence[tuple[str, Sequence[Panel]]]
    fields: Sequence[TextField] = ()
    events: Sequence[Events] = ()
    per_datasource: bool = False


def board_json(board: Board) -> str:
    return json.dumps(_dashboard(board).build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _dashboard(board: Board) -> builders.Dashboard:
    made = builders.Dashboard(board.title).uid(board.uid).description(board.about).tags(["ragmeter"]).editable()
    made.time("now-1h", "now").refresh("30s").timezone("utc").tooltip(DashboardCursorSync.CROSSHAIR)
    made.link(
        builders.DashboardLink("ragmeter").tags(["ragmeter"]).as_dropdown(True).include_vars(True).keep_time(True)
    )
    datasource = builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    made.with_variable(datasource.multi(board.per_datasource))
    made.with_variable(_providers(board.providers_of))
    for text_field in board.fields:
        made.with_variable(_text_box(text_field))
    for events in board.events:
        made.annotation(_Annotation(events))
    ids = count(1)
    for title, panels in board.rows:
        row = (
            builders.Row(f"{title}: $datasource").repeat("datasource") if board.per_datasource else builders.Row(title)
        )
        made.with_row(row.id(next(ids)))
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


def _text_box(field: TextField) -> builders.TextBoxVariable:
    variable = builders.TextBoxVariable(field.name).label(field.label).description(field.about)
    return variable.default_value(field.value).current(
        VariableOption(selected=True, text=field.value, value=field.value)
    )


class _PrometheusEvents(AnnotationQuery):
    """With the keys of the Prometheus datasource, which the general model does not have."""

    def __init__(self, events: Events) -> None:
        super().__init__(name=events.name, datasource=DATASOURCE, icon_color=events.colour, expr=events.expr)
        self._own = {"titleFormat": events.title, "textFormat": events.text, "tagKeys": "provider,workload"}

    def to_json(self) -> dict[str, object]:
        return super().to_json() | self._own | {"useValueForTime": True}


@dataclass(frozen=True, slots=True)
class _Annotation(Builder[AnnotationQuery]):
    """What the dashboard's builder takes."""

    events: Events

    def build(self) -> AnnotationQuery:
        return _PrometheusEvents(self.events)
