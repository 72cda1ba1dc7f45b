"""Every query of every panel returns data, of one provider and of three, in a unit that fits its names."""

import math
import subprocess

import pytest

from grafana.__main__ import generated
from tests.grafana.boards import GRAFANA, PanelQuery, panel_queries, provider_choices
from tests.grafana.conftest import PROVIDERS
from tests.grafana.dimensions import fits, metrics
from tests.grafana.prometheus import Prometheus, Series, binary

QUERIES = panel_queries()
NAMES = [query.name for query in QUERIES]


def finite(series: list[Series]) -> list[Series]:
    return [(labels, value) for labels, value in series if math.isfinite(value)]


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_a_panel_shows_one_provider(scraped: Prometheus, query: PanelQuery) -> None:
    found = finite(scraped.query(query.substituted(PROVIDERS[0])))
    assert found, query.substituted(PROVIDERS[0])
    assert {labels["provider"] for labels, _ in found} == {PROVIDERS[0]}


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_a_panel_shows_three_providers(scraped: Prometheus, query: PanelQuery) -> None:
    found = finite(scraped.query(query.substituted("|".join(PROVIDERS))))
    assert {labels["provider"] for labels, _ in found} == set(PROVIDERS)


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_the_unit_of_a_panel_fits_its_metrics(query: PanelQuery) -> None:
    assert fits(query.substituted(PROVIDERS[0]), query.unit), f"{query.unit}: {query.expr}"


def test_every_metric_of_a_panel_is_exposed_or_is_an_older_name(scraped: Prometheus) -> None:
    """A query may say ``new or old``: of such a pair one is enough, which the tests above see."""
    exposed = scraped.label_values("__name__")
    unknown = {name for query in QUERIES for name in metrics(query.substituted(PROVIDERS[0]))} - exposed
    assert all(name.startswith("vllm:") for name in unknown), sorted(unknown)


@pytest.mark.parametrize(("board", "metric"), provider_choices())
def test_the_choice_of_providers_is_filled(scraped: Prometheus, board: str, metric: str) -> None:
    assert scraped.label_values("provider", metric) == set(PROVIDERS), board


def test_every_rule_is_evaluated_without_error(scraped: Prometheus) -> None:
    assert scraped.rules()
    assert [rule["name"] for rule in scraped.rules() if rule.get("lastError")] == []


def test_what_is_checked_in_is_what_the_code_generates() -> None:
    stale = [path.name for path, text in generated().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "python -m grafana writes them again"


def test_rules_and_routes_are_valid_to_prometheus_own_tools() -> None:
    rules = sorted(str(path) for path in (GRAFANA / "rules").glob("*.yaml"))
    for command in (
        [binary("promtool"), "check", "rules", *rules],
        [binary("amtool"), "check-config", str(GRAFANA / "alertmanager" / "alertmanager.yaml")],
    ):
        checked = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
