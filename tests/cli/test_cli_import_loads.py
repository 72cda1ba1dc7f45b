"""Loads of imported results: what is a trial, what is a step of a sweep, and what is not compared."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from tests.core.compare.test_importers import DOCUMENTS


def results(folder: Path, name: str, rates: tuple[float, ...], **changed: Any) -> list[str]:
    """Results of inference-perf, one at each rate."""
    paths = []
    for at, rate in enumerate(rates):
        document = json.loads(json.dumps(DOCUMENTS["inference-perf"]))
        document["load_summary"]["requested_rate"] = rate
        document["successes"]["latency"]["time_to_first_token"]["median"] *= 1 + at / 100
        path = folder / f"{name}-{at}.json"
        path.write_text(json.dumps({**document, **changed}))
        paths.append(str(path))
    return paths


def test_trials_whose_loads_differ_are_a_sweep_of_which_a_step_is_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, out = results(tmp_path, "a", (1.0, 31.4, 183.38)), tmp_path / "a.trials.json"
    asked = ["import", *files, "--provider", "a", "--out", str(out)]
    assert main(asked) == 2
    said = capsys.readouterr().err
    assert "the loads of these results differ (rate_per_s 1, 31.4, 183.38): they are steps of a sweep" in said
    assert "2: open loop, 31.4 requests/s" in said
    assert not out.exists()
    for chosen in (["--step", "2"], ["--rate", "31.4"]):
        assert main([*asked, *chosen]) == 0
        document = json.loads(out.read_text())
        assert [trial["path"] for trial in document["trials"]] == [files[1]]
        assert document["load"]["rate_per_s"] == 31.4
    for chosen, words in (
        (["--step", "4"], "--step: 4 is not one of the 3 loads"),
        (["--rate", "5"], "no result has this load; there are 1: "),
        (["--concurrency", "5"], "no result has this load"),
    ):
        assert main([*asked, *chosen]) == 2
        assert words in capsys.readouterr().err


def test_a_sweep_is_written_step_by_step_with_its_curve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [*results(tmp_path, "a", (8.0, 2.0)), *results(tmp_path, "b", (2.5, 8.0))]
    assert main(["import", *files, "--provider", "a", "--sweep", "--out", str(tmp_path / "a.trials.json")]) == 0
    head, columns, *rows = capsys.readouterr().out.splitlines()
    assert head == "sweep of 3 loads by inference-perf; times in ms"
    assert columns.split()[:2] == ["step", "load"]
    assert [row.split(",")[1].split()[0] for row in rows[:3]] == ["2", "2.5", "8"]
    trials = [len(json.loads((tmp_path / f"a.step-{step}.trials.json").read_text())["trials"]) for step in (1, 2, 3)]
    assert trials == [1, 1, 2]


@pytest.mark.parametrize("option", [["--step", "0"], ["--rate", "nan"], ["--rate", "x"], ["--step", "1", "--sweep"]])
def test_a_choice_that_is_none_is_refused(option: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["import", "x.json", "--provider", "a", "--out", str(tmp_path / "a.trials.json"), *option])


def test_sides_whose_loads_differ_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = []
    for name, rate in (("lke", 31.4), ("gke", 18.16)):
        runs.append(str(tmp_path / f"{name}.trials.json"))
        files = results(tmp_path, name, (rate,) * 5)
        assert main(["import", *files, "--provider", name, "--out", runs[-1]]) == 0
    assert main(["compare", *runs]) == 2
    assert "rate_per_s is 18.16, and 31.4 in" in capsys.readouterr().err
    assert main(["compare", *runs, "--even-if-different"]) == 0
    assert "load: open loop, 31.4 requests/s" in " ".join(capsys.readouterr().out.split())


def test_a_measurement_is_not_compared_with_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = results(tmp_path, "a", (5.0,) * 5)
    runs = [str(tmp_path / f"{name}.trials.json") for name in ("here", "there")]
    for name, out in zip(("here", "there"), runs, strict=True):
        assert main(["import", *files, "--provider", name, "--out", out]) == 0
    assert main(["compare", *runs]) == 2
    assert "one measurement is not compared with itself" in capsys.readouterr().err


def test_one_file_many_times_is_one_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (first,) = results(tmp_path, "a", (5.0,))
    copies = [str(tmp_path / f"copy-{at}.json") for at in range(4)]
    for copy in copies:
        Path(copy).write_bytes(Path(first).read_bytes())
    assert main(["import", first, *copies, "--provider", "a", "--out", str(tmp_path / "a.trials.json")]) == 0
    said = capsys.readouterr()
    assert "1 trial of inference-perf" in said.out
    assert said.err.count("it counts once") == 4


def test_a_run_in_which_all_failed_is_said_to_have_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zeros = {key: 0.0 for key in DOCUMENTS["vllm-bench"] if key.endswith("_ms")}
    document = {**DOCUMENTS["vllm-bench"], **zeros, "completed": 0, "failed": 100, "total_output_tokens": 0}
    path = tmp_path / "f.json"
    path.write_text(json.dumps({**document, "mean_ttft_ms": float("nan"), "request_rate": float("inf")}))
    out = tmp_path / "f.trials.json"
    assert main(["import", str(path), "--provider", "a", "--out", str(out)]) == 0
    assert "100 of 100 requests failed, more than the error budget" in capsys.readouterr().err
    assert json.loads(out.read_text())["trials"][0]["figures"] == {}


def test_the_provider_is_that_of_the_files_and_another_name_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "r.json", tmp_path / "r.trials.json"
    path.write_text(json.dumps(DOCUMENTS["rag-demo"]))
    assert main(["import", str(path), "--out", str(out)]) == 0
    assert json.loads(out.read_text())["provider"] == "aws-eks"
    assert main(["import", str(path), "--provider", "eks", "--out", str(out)]) == 0
    assert "the files name the provider aws-eks, and --provider eks" in capsys.readouterr().err
    (unnamed,) = results(tmp_path, "u", (1.0,))
    assert main(["import", unnamed, "--out", str(out)]) == 2
    assert "name it with --provider" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["render", "judge", "cost"])
def test_other_commands_say_what_reads_imported_trials(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.trials.json"
    assert main(["import", *results(tmp_path, "x", (1.0,)), "--provider", "x", "--out", str(out)]) == 0
    assert main([command, str(out)]) == 2
    assert "is of `ragmeter import`: only `ragmeter compare` reads it" in capsys.readouterr().err


def test_a_reader_that_has_read_enough_changes_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as closed:
        monkeypatch.setattr("sys.stdout", closed)
        assert main(["workloads"]) == 0
