"""Panels as records, and how each kind is built. A panel has one unit: queries of another unit are another panel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from string import ascii_uppercase
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, DataTransformerConfig
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
HEIGHT: Final = 8

Builder: TypeAlias = timeseries.Panel | stat.Panel | bargauge.Panel | table.Panel


class Unit(Enum):
    """Grafana's id of a unit."""

    SECONDS = "s"
    RATIO = "percentunit"
    PERCENT = "percent"
    REQUESTS_PER_S = "reqps"
    TOKENS_PER_S = "suffix:tok/s"
    PER_S = "cps"
    COUNT = "short"
    MEBIBYTES = "mbytes"
    BYTES = "bytes"
    WATT = "watt"
    JOULE = "joule"
    CELSIUS = "celsius"
    USD = "currencyUSD"
    MILLISECONDS = "ms"
    GIGABITS_PER_S = "Gbits"


class Kind(Enum):
    LINES = "timeseries"
    NUMBER = "stat"
    BARS = "bargauge"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    expr: str
    legend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """width: of 24. Only LINES ask for a time range; the other kinds ask for the value at its end."""

    title: str
    about: str
    unit: Unit
    queries: Sequence[Query]
    kind: Kind = Kind.LINES
    width: int = 8


def build(panel: Panel, panel_id: int) -> Builder:
    builder = _EMPTY[panel.kind]()
    builder.id(panel_id).title(panel.title).description(panel.about).unit(panel.unit.value)
    builder.datasource(DATASOURCE).height(HEIGHT).span(panel.width)
    for letter, query in zip(ascii_uppercase, panel.queries, strict=False):
        builder.with_target(_target(query, letter, panel.kind))
    return builder


def _target(query: Query, letter: str, kind: Kind) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(letter).datasource(DATASOURCE)
    if kind is Kind.TABLE:
        target.format(PromQueryFormat.TABLE)
    return target.range() if kind is Kind.LINES else target.instant()


def _lines() -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)
    lines = timeseries.Panel().legend(legend.show_legend(True)).tooltip(tooltip)
    return lines.fill_opacity(5).show_points(VisibilityMode.AUTO).span_nulls(False)


def _number() -> stat.Panel:
    return stat.Panel().reduce_options(_last())


def _bars() -> bargauge.Panel:
    bars = bargauge.Panel().reduce_options(_last()).orientation(VizOrientation.HORIZONTAL)
    return bars.display_mode(BarGaugeDisplayMode.BASIC).min(0)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _table() -> table.Panel:
    hidden = {"Time": True, "__name__": True, "job": True, "instance": True}
    organize = DataTransformerConfig(id_val="organize", options={"excludeByName": hidden})
    return table.Panel().with_transformation(organize)


_EMPTY: Final[Mapping[Kind, Callable[[], Builder]]] = {
    Kind.LINES: _lines,
    Kind.NUMBER: _number,
    Kind.BARS: _bars,
    Kind.TABLE: _table,
}
