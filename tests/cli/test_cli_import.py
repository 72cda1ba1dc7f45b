"""``ragmeter import``, and the comparison of what it made."""

import json
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from ragmeter.clients.files import schema
from ragmeter.core.schema import check
from tests.core.compare.test_importers import DOCUMENTS
from tests.saved import saved_run, write_raw

FACTORS = (1.0, 1.02, 0.99, 1.01, 0.98, 1.005)


def results(folder: Path, name: str, factor: float = 1.0, *, failed: int = 0) -> list[str]:
    """Six results of AIPerf whose latencies are stretched."""
    paths = []
    for at, own in enumerate(FACTORS):
        document = {key: _stretched(value, factor * own) for key, value in DOCUMENTS["aiperf"].items()}
        document["error_request_count"] = {"unit": "requests", "avg": failed}
        paths.append(str(folder / f"{name}-{at}.json"))
        Path(paths[-1]).write_text(json.dumps(document))
    return paths


def _stretched(value: Any, factor: float) -> Any:
    if not isinstance(value, dict) or value.get("unit") != "ms":
        return value
    return {key: one * factor if isinstance(one, float) else one for key, one in value.items()}


def imported(folder: Path, name: str, factor: float = 1.0, *more: str) -> str:
    out = str(folder / f"{name}.trials.json")
    assert main(["import", *results(folder, name, factor), "--provider", name, "--out", out, *more]) == 0
    return out


def test_imported_trials_that_failed_too_often_are_called_neither_faster_nor_slower(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [str(tmp_path / f"{name}.trials.json") for name in ("here", "there")]
    for name, out, factor in zip(("here", "there"), runs, (1.0, 1.4), strict=True):
        files = results(tmp_path, name, factor, failed=5 if name == "here" else 0)
        assert main(["import", *files, "--provider", name, "--out", out]) == 0
    assert main(["compare", *runs]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "here is called neither faster nor cheaper: 30 of " in said
    assert "faster by" not in said


def test_results_become_trials_that_fit_the_schema_and_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [imported(tmp_path, "here"), imported(tmp_path, "there", 1.4)]
    document = json.loads(Path(runs[0]).read_text())
    check(document, schema("trials.v1"), "trials.json")
    assert (document["tool"], len(document["trials"])) == ("aiperf", 6)
    assert len(document["trials"][0]["sha256"]) == 64
    assert main(["compare", *runs, "--html", str(tmp_path / "page.html")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "there slower by 40 % [" in out
    assert "here: its figures are those of aiperf" in out
    assert "it is not known that here and there ran as interleaved trials" in out


def test_what_is_said_to_be_interleaved_is_compared_in_pairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    way = ("--interleaved", "monday")
    runs = [imported(tmp_path, "here", 1.0, *way), imported(tmp_path, "there", 1.4, *way)]
    assert main(["compare", *runs]) == 0
    assert "6 interleaved pairs" in capsys.readouterr().out


def test_figures_of_different_tools_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = str(write_raw(tmp_path, saved_run("there", list(FACTORS))))
    assert main(["compare", imported(tmp_path, "here"), ours]) == 2
    assert "tool is 'ragmeter', and 'aiperf' in" in capsys.readouterr().err


def test_what_cannot_be_taken_over_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unknown, cut, other = (tmp_path / name for name in ("unknown.json", "cut.json", "other.json"))
    unknown.write_text('{"latency": 1}')
    cut.write_text(json.dumps({**DOCUMENTS["aiperf"], "request_count": {}, "request_latency": {"unit": "ms"}}))
    other.write_text(json.dumps(DOCUMENTS["inference-perf"]))
    good = results(tmp_path, "good")[0]
    out = ["--provider", "p", "--out", str(tmp_path / "p.trials.json")]
    for arguments, words in (
        ([str(unknown), *out], "unknown.json: is not a result of a known tool: rag-demo, vllm-bench"),
        ([str(cut), *out], "cut.json: is not as aiperf writes it: KeyError: 'request_count' is missing"),
        ([good, str(other), *out], "results of different tools: aiperf, inference-perf"),
        ([good, "--provider", "p", "--out", "p.json"], "does not end in .trials.json"),
    ):
        assert main(["import", *arguments]) == 2
        assert words in capsys.readouterr().err
