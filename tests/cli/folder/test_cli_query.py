"""``ragmeter query``, with the real DuckDB."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from ragmeter.report.jsonfile import result_json
from tests.report.examples import failing, invalid, passing
from tests.saved import saved_run, write_raw


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two raw records of 40 requests each, and results that passed, failed and are not valid."""
    folder = tmp_path_factory.mktemp("my reports")
    for name in ("one", "two"):
        write_raw(folder / name, saved_run(name, [1.0], run_id=name))
    for result in (passing(), failing(), invalid()):
        (folder / f"{result.outcome}.json").write_text(result_json(result), encoding="utf-8")
    (folder / "broken.raw.jsonl").write_text("{}\n")
    return folder


def _answer(folder: Path, sql: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["query", str(folder), sql, "--format", "json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT count(*) AS n FROM runs", [{"n": 5}]),
        ("SELECT path, outcome FROM runs WHERE provider = 'one'", [{"path": "one/one.raw.jsonl", "outcome": "PASS"}]),
        ("SELECT path FROM runs WHERE withheld IS NOT NULL AND ttft_p50_ms IS NULL", [{"path": "INVALID.json"}]),
        ("SELECT count(*) AS n FROM figures WHERE path = 'INVALID.json'", [{"n": 0}]),
        (
            "SELECT count(value) AS n, count(*) > 0 AS some FROM slos WHERE path = 'INVALID.json'",
            [{"n": 0, "some": True}],
        ),
        (
            "SELECT count(*) AS n FROM figures f JOIN runs r USING (path) "
            "WHERE metric = 'ttft_ms' AND statistic = 'p50' AND value = r.ttft_p50_ms",
            [{"n": 4}],
        ),
        (
            "SELECT path, count(*) AS n FROM requests GROUP BY path ORDER BY path LIMIT 1",
            [{"path": "one/one.raw.jsonl", "n": 40}],
        ),
        ("SELECT max(started_at) AS at FROM runs WHERE provider = 'one'", [{"at": "2026-02-22T10:15:30"}]),
        (
            "SELECT name FROM (SHOW TABLES) ORDER BY name",
            [{"name": at} for at in ("figures", "requests", "runs", "slos")],
        ),
        ("SELECT provider FROM runs WHERE false", []),
    ],
)
def test_a_statement_is_answered(
    reports: Path, capsys: pytest.CaptureFixture[str], sql: str, rows: list[dict[str, Any]]
) -> None:
    assert _answer(reports, sql, capsys) == rows


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM read_text('{file}')", "file system operations are disabled"),
        ("SELECT * FROM '{file}'", "does not exist"),
        ("SELECT * FROM glob('/*')", "file system operations are disabled"),
        ("SELECT * FROM rows", "Table with name rows does not exist"),
        ("COPY runs TO '{file}.csv'", "takes one SELECT; got COPY"),
        ("ATTACH '{file}.db'", "takes one SELECT; got ATTACH"),
        ("INSTALL httpfs", "takes one SELECT; got LOAD"),
        ("SET enable_external_access = true", "takes one SELECT; got SET"),
        ("DROP TABLE runs", "takes one SELECT; got DROP"),
        ("SELECT 1; SELECT 2", "takes one SELECT; got SELECT, SELECT"),
        ("", "takes one SELECT; got no statement"),
        ("SELEC 1", "syntax error"),
        ("SELECT nothing FROM runs", "nothing"),
    ],
)
def test_what_is_no_question_about_the_tables_is_refused_in_one_line(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], sql: str, said: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("s3cret")
    capsys.readouterr()
    assert main(["query", str(reports), sql.format(file=secret)]) == 2
    heard = capsys.readouterr()
    assert (heard.out, heard.err.count("\n")) == ("", 1)
    assert said in heard.err
    assert "s3cret" not in heard.err
    assert [at.name for at in tmp_path.iterdir()] == ["secret.txt"]


def test_tables_and_csv_say_the_same_and_damaged_files_are_named(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = "NULL AS nothing, '=1+1' AS formula, 0.123456789::DOUBLE AS ratio"
    sql = f"SELECT provider, {figures} FROM runs WHERE provider = 'one'"
    capsys.readouterr()
    main(["query", str(reports), sql])
    heard = capsys.readouterr()
    head, row = heard.out.splitlines()
    assert head.split() == ["provider", "nothing", "formula", "ratio"]
    assert row.split() == ["one", "\N{EN DASH}", "=1+1", "0.123457"]
    assert "broken.raw.jsonl" in heard.err
    main(["query", str(reports), sql, "--format", "csv"])
    assert list(csv.reader(capsys.readouterr().out.splitlines())) == [
        ["provider", "nothing", "formula", "ratio"],
        ["one", "", "'=1+1", "0.123456789"],
    ]


def test_a_folder_without_runs_has_empty_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for table in ("runs", "figures", "slos", "requests"):
        assert _answer(tmp_path, f"SELECT count(*) AS n FROM {table}", capsys) == [{"n": 0}]


@pytest.mark.parametrize("missing", ["duckdb", "pyarrow"])
def test_without_its_packages_it_says_how_to_install_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(["query", str(tmp_path), "SELECT 1"]) == 2
    assert "pip install 'ragmeter[query]'" in capsys.readouterr().err
