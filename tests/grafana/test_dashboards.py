"""The checked-in dashboards: written by the code, and of a shape that Grafana takes."""

import json
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.__main__ import COMPONENTS, generated
from grafana.prices import hourly_prices
from ragmeter.core.money.cost import hourly_parts, price_sheet_from
from tests.grafana.boards import GRAFANA, documents

FIXTURES = GRAFANA.parent / "fixtures" / "providers"
BOARDS = pytest.mark.parametrize("board", documents(), ids=lambda board: board["uid"])


def test_what_is_checked_in_is_what_the_code_generates() -> None:
    stale = [path.name for path, text in generated().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "python -m grafana writes them again"
    folders = {path.parent for path in generated()} - {COMPONENTS / "monitoring"}
    assert {path for folder in folders for path in folder.iterdir()} < set(generated())


@BOARDS
def test_panels_fill_the_grid_without_overlap(board: dict[str, Any]) -> None:
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert [pair for pair in combinations(places, 2) if _overlap(*pair)] == []


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


@BOARDS
def test_every_panel_asks_the_chosen_datasource_under_names_of_its_own(board: dict[str, Any]) -> None:
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in panels:
        refs = [target["refId"] for target in panel["targets"]]
        assert refs == sorted(set(refs))
        assert {at["datasource"]["uid"] for at in (panel, *panel["targets"])} == {"${datasource}"}
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]


@BOARDS
def test_a_dashboard_has_one_datasource_and_one_choice_of_providers(board: dict[str, Any]) -> None:
    variables = board["templating"]["list"]
    assert [at["name"] for at in variables[:2]] == ["datasource", "provider"]
    assert [at["type"] for at in variables[:2]] == ["datasource", "query"]
    assert all(at["type"] == "textbox" for at in variables[2:])


@BOARDS
def test_the_model_of_this_grafana_knows_every_key(board: dict[str, Any]) -> None:
    """The types of the foundation SDK are those of Grafana's schema: what they do not know, they lose."""
    register_default_plugins()
    read = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    prometheus_keys = {"titleFormat", "textFormat", "tagKeys", "useValueForTime"}  # of the datasource, not of Grafana
    kept = dict(_leaves(read))
    lost = {path for path, value in _leaves(board) if value != kept.get(path)}
    assert {path[-1] for path in lost} <= prometheus_keys


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value that is no container, with where it is."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*path, key))
    else:
        yield path, value


def test_identifiers_are_not_shared() -> None:
    assert len({board["uid"] for board in documents()}) == len({board["title"] for board in documents()}) == 6


def test_prices_are_those_of_the_provider_files() -> None:
    named = {price.provider: price.usd_per_hr for price in hourly_prices(FIXTURES)}
    sheets = {path.stem: yaml.safe_load(path.read_text("utf-8")).get("cost") for path in FIXTURES.glob("*.yaml")}
    hourly = {name: sum(hourly_parts(price_sheet_from(cost))[0].values()) for name, cost in sheets.items() if cost}
    assert named == pytest.approx(hourly, abs=1e-6)
