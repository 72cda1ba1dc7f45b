"""Every query of every panel returns data, of one provider and of three, in a unit that fits its names."""

import math
from dataclasses import dataclass

import promql_parser as promql
import pytest

from backend.errors import ServiceError
from tests.grafana.boards import GRAFANA, PanelQuery, event_queries, panel_queries, provider_choices
from tests.grafana.dimensions import fits, metrics, selectors
from tests.grafana.observation import PROVIDERS, REPORT, Observation
from tests.grafana.prometheus import Prometheus, Series
from tests.grafana.table import table, written
from tests.report.examples import passing

QUERIES = panel_queries()
EVENTS = event_queries()
QUANTILES = [query for query in QUERIES if "histogram_quantile" in query.expr]
NAMES = [query.name for query in QUERIES]
EVERY = ".*"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a viewer chose: a Prometheus and providers; and whose series must appear."""

    server: str
    choice: str
    expected: tuple[str, ...]

    def ask(self, observed: Observation, query: PanelQuery) -> list[Series]:
        server: Prometheus = getattr(observed, self.server)
        return server.query(query.substituted(self.choice), observed.at_s)


VIEWS = {
    "the cluster's own": View(server="cluster", choice=EVERY, expected=PROVIDERS[:1]),
    "central, one chosen": View(server="central", choice=PROVIDERS[1], expected=PROVIDERS[1:2]),
    "central, two chosen": View(server="central", choice="|".join(PROVIDERS[:2]), expected=PROVIDERS[:2]),
    "central, all": View(server="central", choice=EVERY, expected=PROVIDERS),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_a_panel_shows_numbers_of_every_chosen_provider_and_of_no_other(
    observed: Observation, query: PanelQuery, view: View
) -> None:
    check_numbers(view.ask(observed, query), view.expected)


def check_numbers(found: list[Series], expected: tuple[str, ...]) -> None:
    """Series of these providers and of no other, each with a number."""
    assert {labels["provider"] for labels, _ in found} == set(expected)
    assert [labels for labels, value in found if not math.isfinite(value)] == []


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("query", EVENTS, ids=lambda query: query.name)
def test_an_annotation_marks_a_moment_of_every_chosen_provider(
    observed: Observation, query: PanelQuery, view: View
) -> None:
    found = view.ask(observed, query)
    check_numbers(found, view.expected)
    year_ms = 365 * 86_400_000
    assert all(0 < observed.at_s * 1000 - moment_ms < year_ms for _, moment_ms in found), "milliseconds, and past"


def test_the_end_of_a_run_tells_its_outcome_and_links_to_its_report(observed: Observation) -> None:
    ((labels, _),) = VIEWS["the cluster's own"].ask(observed, next(at for at in EVENTS if at.panel == "Runs end"))
    assert (labels["run"], labels["outcome"]) == (passing().run_id, "PASS")
    assert labels["link"] == f"http://127.0.0.1:8000/ns/{PROVIDERS[0]}/{REPORT}"


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_the_unit_of_a_panel_fits_its_metrics(query: PanelQuery) -> None:
    assert fits(query.substituted(EVERY), query.unit), f"{query.unit}: {query.expr}"


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_every_metric_of_a_query_is_exposed(observed: Observation, query: PanelQuery) -> None:
    exposed = observed.central.label_values("__name__")
    assert set(metrics(query.substituted(EVERY))) <= exposed


def test_the_gpu_dashboard_asks_for_nothing_that_our_exporter_leaves_out() -> None:
    counters = (GRAFANA.parent / "k8s" / "components" / "dcgm-exporter" / "counters.csv").read_text("utf-8")
    exported = {line.partition(",")[0] for line in counters.splitlines()}
    asked = {name for query in QUERIES for name in metrics(query.substituted(EVERY)) if name.startswith("DCGM_")}
    assert asked <= exported


@pytest.mark.parametrize("query", QUERIES, ids=NAMES)
def test_every_label_value_that_a_query_names_exists(observed: Observation, query: PanelQuery) -> None:
    """A stage that does not exist would leave a panel with less than it promises."""
    for selector in selectors(query.substituted(EVERY)):
        for matcher in selector.matchers.matchers:
            if matcher.name == "provider":
                continue
            known = _known(observed.central, str(selector.name), matcher)
            assert set(matcher.value.split("|")) <= known, f"{query.name}: {matcher}"


def _known(server: Prometheus, metric: str, matcher: promql.Matcher) -> set[str]:
    """What is left out need not have happened in the test, but must be a type of error that the backend has."""
    if matcher.op == promql.MatchOp.NotRe:
        return {"client_gone", *_error_types(ServiceError)}
    return server.label_values(matcher.name, metric)


def _error_types(error: type[ServiceError]) -> set[str]:
    return {error.type}.union(*(_error_types(kind) for kind in error.__subclasses__()))


@pytest.mark.parametrize("query", QUANTILES, ids=lambda query: query.name)
def test_no_quantile_is_clipped_by_the_highest_bucket(observed: Observation, query: PanelQuery) -> None:
    names = metrics(query.substituted(EVERY))
    bounds = {float(le) for name in names for le in observed.central.label_values("le", name)} - {math.inf}
    assert bounds
    assert all(value < max(bounds) for _, value in VIEWS["central, all"].ask(observed, query))


@pytest.mark.parametrize("histogram", ["rag_latency_seconds", "rag_ttft_seconds"])
def test_latency_buckets_resolve_2_ms_to_120_s(observed: Observation, histogram: str) -> None:
    bounds = {float(le) for le in observed.central.label_values("le", f"{histogram}_bucket")} - {math.inf}
    assert (min(bounds), max(bounds)) == (0.002, 120)


def test_probes_and_scrapes_count_as_no_request(observed: Observation) -> None:
    counted = observed.cluster.label_values("endpoint", "rag_requests_total")
    assert counted == {"/query", "/query/stream", "/ingest", "/documents", "/delete"}


def test_a_fault_of_the_client_is_no_failed_query(observed: Observation) -> None:
    failed = next(query for query in QUERIES if query.panel == "Failed queries, share")
    assert observed.cluster.query("rag_errors_total") != []
    assert [value for _, value in VIEWS["central, all"].ask(observed, failed)] == [0, 0, 0]


@pytest.mark.parametrize("metric", ["rag_ttft_seconds_bucket", 'rag_latency_seconds_bucket{stage="total"}'])
def test_a_bucket_names_a_request_that_fell_into_it(observed: Observation, metric: str) -> None:
    found = observed.cluster.exemplars(metric, observed.at_s - 600)
    assert found
    assert all(exemplar.keys() == {"request_id"} for exemplar in found)


@pytest.mark.parametrize(("board", "metric"), provider_choices())
def test_the_choice_of_providers_is_filled(observed: Observation, board: str, metric: str) -> None:
    assert observed.central.label_values("provider", metric) == set(PROVIDERS), board
    assert observed.cluster.label_values("provider", metric) == {PROVIDERS[0]}, board


@pytest.mark.parametrize("server", ["cluster", "central"])
def test_every_rule_is_evaluated_without_error(observed: Observation, server: str) -> None:
    rules = getattr(observed, server).rules()
    assert rules
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []


def test_the_table_of_the_readme_is_what_was_seen(observed: Observation) -> None:
    assert table(observed) == written(), "python -m tests.grafana.table writes it again"
