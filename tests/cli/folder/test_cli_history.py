"""``ragmeter history``."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ragmeter.cli import main
from ragmeter.core.requests.records import TokenSource
from ragmeter.report.tables.over_time import history_rows
from ragmeter.report.text.history import sparkline
from tests.report.examples import passing
from tests.saved import saved_run, write_raw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three runs of one provider, the newest first in the alphabet, and one of another; one has a result."""
    for name, day, factor in (("c", 1, 1.0), ("b", 2, 2.0), ("a", 3, 1.0)):
        run = saved_run("here", [factor], started_at=f"2026-02-0{day}T10:00:00+00:00", run_id=name)
        write_raw(tmp_path / name, run)
    write_raw(tmp_path / "d", saved_run("there", [1.0], started_at="2026-02-04T10:00:00+00:00", run_id="d"))
    main(["render", str(tmp_path / "c" / "here.raw.jsonl"), "--json", str(tmp_path / "c" / "here.json")])
    return tmp_path


def test_runs_are_listed_newest_last_each_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["history", str(folder), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["run_id"] for row in rows] == ["c", "b", "a", "d"]
    assert [len(row["trend"]) for row in rows] == [1, 2, 3, 1]
    assert rows[2]["trend"] == [row["ttft_p50_ms"] for row in rows[:3]]


def test_the_table_has_a_line_for_each_run_and_a_trend(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["history", str(folder)]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["started", "provider"]
    assert [line.split()[3] for line in lines] == ["here", "here", "here", "there"]
    assert lines[2].endswith(("▄█▄", "▅█▅"))
    assert all("PASS" in line for line in lines)


def test_a_new_level_is_marked_at_its_first_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Six runs, and six that are half as slow again; a run of another workload in between is another series."""
    for at in range(12):
        factor = (1.0 if at < 6 else 1.5) * (1.01 if at % 2 else 0.99)
        day = f"2026-03-{at + 1:02}T10:00:00+00:00"
        write_raw(tmp_path / f"{at}", saved_run("here", [factor], started_at=day, run_id=f"{at}", seed=at))
    write_raw(tmp_path / "x", saved_run("there", [9.0], started_at="2026-03-05T11:00:00+00:00", run_id="x"))
    assert main(["history", str(tmp_path), "--json"]) == 0
    marked = {row["run_id"]: row["changes"] for row in json.loads(capsys.readouterr().out) if row["changes"]}
    assert list(marked) == ["6"]
    assert marked["6"]["tpot_p50_ms"] == pytest.approx(1.5, rel=0.05)
    assert marked["6"]["output_tokens_per_s"] == pytest.approx(1 / 1.5, rel=0.1)
    main(["history", str(tmp_path)])
    assert sum("TPOT p50 +5" in line for line in capsys.readouterr().out.splitlines()) == 1


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.raw.jsonl").write_text("{}\n")
    (folder / "other.json").write_text("{}")
    capsys.readouterr()
    assert main(["history", str(folder), "--json"]) == 0
    seen = capsys.readouterr()
    assert len(json.loads(seen.out)) == 4
    assert "left out: " in seen.err
    assert "broken.raw.jsonl" in seen.err


def test_what_cannot_be_opened_is_named_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "old.json").mkdir()
    capsys.readouterr()
    assert main(["history", str(folder), "--json"]) == 0
    seen = capsys.readouterr()
    assert f"left out: {folder / 'old.json'}: Is a directory" in seen.err
    assert len(json.loads(seen.out)) == 4


def test_an_empty_folder_has_no_runs_and_a_missing_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", str(tmp_path)]) == 0
    assert "no runs" in capsys.readouterr().out
    assert main(["history", str(tmp_path / "none")]) == 2
    assert "none: is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "bars"),
    [((), ""), ((5.0,), "█"), ((0.0, 0.0), "▁▁"), ((1.0, None, 7.0), "▂\N{EN DASH}█"), ((99.0, 100.0), "██")],
)
def test_a_trend_starts_at_zero_so_that_small_changes_look_small(values: tuple[float | None, ...], bars: str) -> None:
    assert sparkline(values) == bars


def test_runs_whose_tokens_were_counted_otherwise_are_in_no_trend_with_the_others() -> None:
    other = replace(passing(), token_source=TokenSource.DELTAS, started_at="2126-01-01T00:00:00+00:00")
    assert [len(row.trend) for row in history_rows([("a", passing()), ("b", other), ("c", other)])] == [1, 1, 2]
