"""``ragmeter export``."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from ragmeter.cli import main
from ragmeter.cli.pipeline import export
from ragmeter.core.requests.measures import e2e_ms, ttft_ms
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.requests.records import ErrorClass
from tests.grafana import prometheus as servers
from tests.saved import saved_run, write_raw

PER_REQUEST = {name for name, metric in METRICS.items() if metric.measure and not name.startswith("adj_")}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    made = saved_run("here", [1.0, 2.0], requests=5)
    first = replace(made.samples[0], replica_id="=HYPERLINK(1)")
    second = replace(made.samples[1], error=ErrorClass.TIMEOUT, output_tokens=None)
    return write_raw(tmp_path, replace(made, samples=(first, second, *made.samples[2:])))


def test_csv_has_a_row_for_each_request_with_every_metric(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    assert main(["export", str(run), str(run), "--csv", str(out)]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 20
    assert rows[0].keys() >= PER_REQUEST | {"run_id", "trial", "error", "t_s"}
    samples = saved_run("here", [1.0, 2.0], requests=5).samples
    assert float(rows[0]["ttft_ms"]) == pytest.approx(ttft_ms(samples[0]))
    assert float(rows[9]["e2e_ms"]) == pytest.approx(e2e_ms(samples[9]))
    assert [row["trial"] for row in rows[:10]] == ["0"] * 5 + ["1"] * 5


def test_a_failed_request_has_its_class_and_empty_cells(run: Path, tmp_path: Path) -> None:
    main(["export", str(run), "--csv", str(tmp_path / "rows.csv")])
    row = list(csv.DictReader((tmp_path / "rows.csv").read_text().splitlines()))[1]
    assert (row["error"], row["e2e_ms"], row["output_tokens"]) == ("timeout", "", "")


def test_a_servers_words_do_not_become_a_formula(run: Path, tmp_path: Path) -> None:
    main(["export", str(run), "--csv", str(tmp_path / "rows.csv")])
    row = next(csv.DictReader((tmp_path / "rows.csv").read_text().splitlines()))
    assert row["replica_id"] == "'=HYPERLINK(1)"


def test_jsonl_has_the_same_rows_with_null_for_what_is_not_known(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    assert main(["export", str(run), "--jsonl", str(out)]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 10
    assert rows[0]["replica_id"] == "=HYPERLINK(1)"
    assert (rows[1]["error"], rows[1]["e2e_ms"]) == ("timeout", None)


def test_parquet_has_the_same_rows(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.parquet"
    assert main(["export", str(run), "--parquet", str(out), "--jsonl", str(tmp_path / "rows.jsonl")]) == 0
    read: Callable[..., object] = import_module("pyarrow.parquet").read_table
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert read(out).to_pylist() == rows  # type: ignore[attr-defined]


def test_without_pyarrow_parquet_is_refused_by_its_name(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(export, "import_module", missing)
    assert main(["export", str(run), "--parquet", "rows.parquet"]) == 2
    assert "--parquet: needs the package pyarrow, which is not installed" in capsys.readouterr().err


def test_nothing_to_write_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(run)]) == 2
    assert "give one or more of --csv, --jsonl, --parquet, --prometheus" in capsys.readouterr().err


def test_openmetrics_is_read_by_a_parser_of_openmetrics_and_says_what_prometheus_text_says(tmp_path: Path) -> None:
    raw = write_raw(tmp_path, saved_run("here", [1.0, 1.1, 0.9]))
    files = {name: tmp_path / f"{name}.txt" for name in ("prometheus", "openmetrics")}
    assert main(["export", str(raw), *(part for name, path in files.items() for part in (f"--{name}", str(path)))]) == 0
    parse: Callable[[str], Any] = openmetrics_families
    older = {f.name: f.samples for f in text_string_to_metric_families(files["prometheus"].read_text())}
    newer = {f.name: f.samples for f in parse(files["openmetrics"].read_text())}
    assert older == newer
    assert "ragmeter_ttft_seconds" in newer


def test_figures_are_pushed_to_a_real_pushgateway(tmp_path: Path) -> None:
    raw = write_raw(tmp_path, saved_run("here", [1.0, 1.1, 0.9]))
    with servers.pushgateway(tmp_path / "log") as address:
        assert main(["export", str(raw), "--pushgateway", f"http://{address}"]) == 0
        text = httpx.get(f"http://{address}/metrics", trust_env=False).text
    assert 'ragmeter_run_outcome{instance="",job="ragmeter"' in text
    assert 'provider="here"' in text


def test_a_pushgateway_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = write_raw(tmp_path, saved_run("here", [1.0]))
    assert main(["export", str(raw), "--pushgateway", "http://127.0.0.1:1"]) == 2
    assert "Pushgateway http://127.0.0.1:1: " in capsys.readouterr().err
