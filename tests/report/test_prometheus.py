import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from ragmeter.core.campaign.live import Ended, LiveSeries, Told
from ragmeter.core.figures.observe.over_time import GAUGES
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.requests.records import TokenSource
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.prometheus.result import exported_names, prometheus_text
from tests.report.examples import CACHES, HOSTILE, METADATA, every_state, failing, no_data, passing, second_provider

ROOT = Path(__file__).parents[2]
TEXTS = {".json", ".md", ".py", ".yaml", ".yml"}
NO_METRICS = {"ragmeter_version"}
"""A field of the result."""
NAMED = re.compile(r"\bragmeter_[a-z0-9_]+\b")
BASE_UNITS = ("_seconds", "_ratio", "_usd", "_per_second", "_requests", "_verdicts", "_outcome", "_info")


def families(results: Sequence[RunResult]) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(prometheus_text(results))}


@pytest.mark.parametrize("result", every_state().values(), ids=every_state())
def test_every_state_is_valid_text_with_help_type_and_base_units(result: RunResult) -> None:
    found = families([result])
    assert found
    for name, family in found.items():
        assert name.startswith("ragmeter_")
        assert name.endswith(BASE_UNITS)
        assert family.type == "gauge"
        assert family.documentation
        assert family.samples


def test_the_table_of_metrics_names_what_is_exported() -> None:
    named = {metric.prometheus for metric in METRICS.values() if metric.prometheus}
    latencies = [name for name in named if name.endswith("_seconds")]
    ends = {name.replace("_seconds", f"_{end}_seconds") for name in latencies for end in ("low", "high")}
    assert named | ends <= exported_names()
    of_runs = ("run_info", "run_outcome", "slo_verdicts", "requests", "duration_seconds", "run_cost_usd")
    of_caches = ("cache_hit_ratio", "cache_hit_low_ratio", "cache_hit_high_ratio", "repeated_questions_ratio")
    moments = {f"ragmeter_run_{moment}_timestamp_seconds" for moment in ("started", "ended")}
    assert exported_names() - named - ends == {f"ragmeter_{name}" for name in (*of_runs, *of_caches)} | moments


def test_dashboards_rules_and_pages_name_what_is_exported() -> None:
    written = [path for folder in ("grafana", "docs") for path in (ROOT / folder).rglob("*.*") if path.suffix in TEXTS]
    named = {(name, path.name) for path in written for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 30
    known = exported_names() | live_names() | NO_METRICS
    assert sorted(each for each in named if each[0] not in known) == []


def live_names() -> set[str]:
    """Of the page that shows a session while it runs."""
    series = LiveSeries(0.0)
    for record in (Ended(is_ok=True, ttft_ms=1.0), Told("llm", dict.fromkeys(GAUGES, 1.0))):
        series.take(record, 0.5)
    return set(NAMED.findall(series.exposition(1.0)))


def test_latencies_are_in_seconds_with_the_ends_of_their_interval() -> None:
    result, found = failing(), families([failing()])
    at = result.estimates["ttft_ms"].p95
    for family, value in (("ttft", at.value), ("ttft_low", at.low), ("ttft_high", at.high)):
        samples = {s.labels["statistic"]: s.value for s in found[f"ragmeter_{family}_seconds"].samples}
        assert value is not None
        assert samples["p95"] == pytest.approx(value / 1000)


def test_a_percentile_of_too_few_samples_has_no_sample() -> None:
    statistics = {s.labels["statistic"] for s in families([no_data()])["ragmeter_ttft_seconds"].samples}
    assert statistics == {"mean", "p50"}


def test_what_is_not_known_has_no_sample_and_is_not_zero() -> None:
    found = families([every_state()["bare"]])
    assert "ragmeter_duration_seconds" not in found
    assert "ragmeter_run_cost_usd" not in found
    assert "ragmeter_ttft_seconds" not in found


def test_the_hit_ratio_is_told_beside_the_declared_state_and_has_no_sample_where_it_is_not_known() -> None:
    found = families([passing()])
    told = {
        name: found[f"ragmeter_{name}_ratio"].samples[0] for name in ("cache_hit", "cache_hit_low", "cache_hit_high")
    }
    assert [at.value for at in told.values()] == [0.004, 0.001, 0.009]
    assert {at.labels["declared"] for at in told.values()} == {"cold"}
    assert found["ragmeter_repeated_questions_ratio"].samples[0].value == 0.25
    assert found["ragmeter_run_info"].samples[0].labels["cache"] == "cold"
    unknown = replace(CACHES, hit_ratio=Estimate(value=None, low=None, high=None, n=0, enough=False))
    assert "ragmeter_cache_hit_ratio" not in families([replace(passing(), caches=unknown)])
    assert "ragmeter_cache_hit_ratio" not in families([replace(passing(), caches=None)])


def test_the_runs_of_a_matrix_are_series_of_their_own() -> None:
    runs = [replace(passing(), variant=state) for state in ("cold", "warm", "natural")]
    samples = families(runs)["ragmeter_error_ratio"].samples
    assert [sample.labels["workload"] for sample in samples] == ["standard-cold", "standard-warm", "standard-natural"]


def test_exactly_one_outcome_is_set() -> None:
    samples = families([failing()])["ragmeter_run_outcome"].samples
    assert {s.labels["outcome"] for s in samples if s.value == 1} == {"FAIL"}
    assert len(samples) == len(Outcome)


def test_start_and_end_are_unix_times_and_the_end_is_left_out_where_it_is_not_known() -> None:
    result = replace(passing(), started_at="2026-11-20T09:31:07+00:00", ended_at="2026-11-20T10:41:07.5+01:00")
    found = families([result])
    began, ended = (found[f"ragmeter_run_{moment}_timestamp_seconds"].samples for moment in ("started", "ended"))
    assert began[0].value == datetime(2026, 11, 20, 9, 31, 7, tzinfo=UTC).timestamp()
    assert ended[0].value - began[0].value == 600.5
    assert "ragmeter_run_ended_timestamp_seconds" not in families([replace(result, ended_at=None)])


def test_the_info_of_a_run_names_it_its_outcome_and_its_page() -> None:
    page = "ns/akamai-lke/20261120T093107Z.html"
    found = {family.name: family for family in text_string_to_metric_families(prometheus_text([passing()], page))}
    labels = found["ragmeter_run_info"].samples[0].labels
    assert (labels["outcome"], labels["run"], labels["report"]) == ("PASS", passing().run_id, page)


def test_two_providers_share_a_family_and_differ_in_labels() -> None:
    text = prometheus_text([passing(), second_provider()])
    assert text.count("# TYPE ragmeter_ttft_seconds gauge") == 1
    samples = families([passing(), second_provider()])["ragmeter_error_ratio"].samples
    assert {s.labels["provider"] for s in samples} == {"akamai-lke", "aws-eks"}
    assert {s.labels["workload"] for s in samples} == {"standard"}


def test_two_runs_with_the_same_labels_make_no_duplicate_series() -> None:
    samples = families([passing(), failing()])["ragmeter_error_ratio"].samples
    assert [s.value for s in samples] == [failing().rates["error_ratio"].value]


def test_a_hostile_label_is_escaped() -> None:
    name = f'{HOSTILE}\\ "\n'
    result = replace(passing(), run_metadata=METADATA | {"provider": name})
    (sample,) = families([result])["ragmeter_error_ratio"].samples
    assert sample.labels["provider"] == name.replace("\x1b", "\N{REPLACEMENT CHARACTER}")


@pytest.mark.parametrize(
    ("source", "label"),
    [(TokenSource.DELTAS, "deltas"), (TokenSource.TOKENIZER, "tokenizer"), (TokenSource.USAGE, "usage"), (None, "")],
)
def test_how_tokens_were_counted_is_a_label_of_the_run(source: TokenSource | None, label: str) -> None:
    text = prometheus_text([replace(passing(), token_source=source)])
    (line,) = [line for line in text.splitlines() if line.startswith("ragmeter_run_info{")]
    assert f'token_source="{label}"' in line
