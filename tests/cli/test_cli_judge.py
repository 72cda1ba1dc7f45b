"""``ragmeter judge``."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.run.saved import SavedRun
from tests.saved import saved_run, write_raw

AWS_EKS_USD = 0.988 + 40 * 0.08 / 730
"""Nodes, management, and the volume of the overlay, per hour."""


@pytest.fixture
def run(tmp_path: Path) -> str:
    """200 requests with a TTFT of about 300 ms, one trial; its own SLO is met."""
    return str(write_raw(tmp_path, saved_run("here", [1.0], requests=200)))


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        ([], 0, "PASS"),
        (["--slo", "p50(ttft_ms) <= 500"], 0, "PASS"),
        (["--slo", "p50(ttft_ms) <= 100"], 1, "FAIL"),
        (["--slo", "p50(ttft_ms) <= 500", "p95(ttft_ms) <= 100"], 1, "FAIL"),
        (["--slo", "p50(ttft_ms) <= 500", "--slo", "p95(ttft_ms) <= 100"], 1, "FAIL"),
        (["--slo", "p50(ttft_ms) <= 300"], 0, "INCONCLUSIVE"),
        (["--slo", "p50(ttft_ms) <= 300", "--strict"], 1, "INCONCLUSIVE"),
        (["--slo", "p99(ttft_ms) <= 5000"], 1, "NO DATA"),
    ],
)
def test_the_exit_status_is_that_of_the_slos(
    run: str, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, word: str
) -> None:
    assert main(["judge", run, *arguments]) == status
    assert word in capsys.readouterr().out


def test_the_run_may_stand_last(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "--slo", "p50(ttft_ms) <= 500", "p95(ttft_ms) <= 100", run]) == 1
    assert "p50(ttft_ms)" in capsys.readouterr().out
    for without in (["judge"], ["judge", "--slo", "p50(ttft_ms) <= 500"]):
        assert main(without) == 2
        assert capsys.readouterr().err == "ragmeter: RUN is missing: ragmeter judge RUN [--slo EXPR]\n"


def test_other_prices_change_dollars_and_nothing_else(run: str, tmp_path: Path) -> None:
    results = []
    for prices in ("akamai-lke", "aws-eks"):
        path = tmp_path / f"{prices}.json"
        assert main(["judge", run, "--prices", prices, "--json", str(path)]) == 0
        results.append(json.loads(path.read_text()))
    first, second = results
    assert second["cost"]["hourly_cluster_cost_usd"] == pytest.approx(AWS_EKS_USD)
    assert second["cost"]["usd_per_1m_tokens"] > 1.5 * first["cost"]["usd_per_1m_tokens"]
    money = {"cost", "cost_reference", "warnings"}
    assert _without(first, money) == _without(second, money)


def _without(document: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    rates = {name: rate for name, rate in document["rates"].items() if not name.startswith("usd_")}
    return {**{key: value for key, value in document.items() if key not in keys}, "rates": rates}


def test_a_price_can_be_gated(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", run, "--prices", "aws-eks", "--slo", "usd_per_1m_tokens <= 0.01"]) == 1
    assert "usd_per_1m_tokens" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--slo", "p95(ttft) <= 1"], "--slo: SLO 'p95(ttft) <= 1': unknown metric"),
        (["--prices", "nowhere"], "unknown provider 'nowhere'"),
        (["--prices", "./free.yaml"], "$.cost: missing"),
    ],
)
def test_bad_input_is_one_sentence(
    run: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("free.yaml").write_text("schema: provider.v1\nname: free\nbase_url: http://x\n")
    assert main(["judge", run, *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.fixture
def document(run: str, tmp_path: Path) -> str:
    """The result of the run, without its requests."""
    path = tmp_path / "result.json"
    assert main(["render", run, "--json", str(path)]) == 0
    Path(run).unlink()
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 0, "PASS  p50(ttft_ms) = "),
        (["--slo", "p50(ttft_ms) <= 500"], 0, "PASS  p50(ttft_ms) = "),
        (["--slo", "p95(ttft_ms) <= 100"], 1, "FAIL  p95(ttft_ms) = "),
        (["--slo", "p50(ttft_ms) <= 300"], 0, "INCONCLUSIVE  p50(ttft_ms) = "),
        (["--slo", "p50(ttft_ms) <= 300", "--strict"], 1, "INCONCLUSIVE  p50(ttft_ms) = "),
        (["--slo", "max(e2e_ms) <= 60000"], 0, "PASS  max(e2e_ms) = "),
        (["--slo", "error_ratio <= 0.05"], 0, "PASS  error_ratio = 0 "),
        (["--slo", "p90(adj_ttft_ms) <= 100"], 1, "FAIL  p90(adj_ttft_ms) = "),
        (["--slo", "usd_per_1m_tokens <= 0.001"], 1, "FAIL  usd_per_1m_tokens = "),
        (["--slo", "p97(ttft_ms) <= 5000"], 1, "NO DATA  p97(ttft_ms) <= 5000: needs the raw record"),
        (["--slo", "p97(ttft_ms) <= 5000"], 1, "the document has mean, p50, p90, p95, p99, min and max of ttft_ms"),
    ],
)
def test_a_result_is_judged_by_the_figures_that_stand_in_it(
    document: str, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    capsys.readouterr()
    assert main(["judge", document, *arguments]) == status
    assert words in " ".join(capsys.readouterr().out.split()).replace("PASS ", "PASS  ").replace(
        "FAIL ", "FAIL  "
    ).replace("INCONCLUSIVE ", "INCONCLUSIVE  ").replace("NO DATA ", "NO DATA  ")


SLOS = ("p50(ttft_ms) <= 300", "p90(e2e_ms) <= 700", "output_tokens_per_s >= 5", "mean(tpot_ms) <= 19", "errors <= 0")


def five_trials() -> SavedRun:
    run = saved_run("here", [1.0, 1.1, 0.9, 1.0, 1.05], requests=60)
    return replace(run, plan=replace(run.plan, workload=replace(run.plan.workload, trials=5)))


def test_verdicts_of_a_result_are_those_of_its_raw_record(tmp_path: Path) -> None:
    raw = str(write_raw(tmp_path, five_trials()))
    paths = {name: str(tmp_path / f"{name}.json") for name in ("result", "by_record", "by_document")}
    assert main(["render", raw, "--json", paths["result"]]) == 0
    for source, target in ((raw, "by_record"), (paths["result"], "by_document")):
        main(["judge", source, "--slo", *SLOS, "--json", paths[target]])
    by_record, by_document = (json.loads(Path(paths[name]).read_text()) for name in ("by_record", "by_document"))
    assert by_document["verdicts"] == by_record["verdicts"]
    assert by_document["outcome"] == by_record["outcome"]


def test_a_run_of_several_trials_that_ended_early_is_not_judged_by_its_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can tell whether it has the five trials that a claim needs."""
    cut = replace(five_trials(), ending=RunEnding(status="interrupted", reason="Ctrl-C"))
    path = str(tmp_path / "result.json")
    assert main(["render", str(write_raw(tmp_path, cut)), "--json", path]) == 0
    assert main(["judge", path, "--slo", "p50(ttft_ms) <= 900"]) == 1
    assert "the run ended early" in " ".join(capsys.readouterr().out.split())


def test_other_prices_of_a_result_are_those_of_time_alone(document: str, tmp_path: Path) -> None:
    path = tmp_path / "priced.json"
    assert main(["judge", document, "--prices", "aws-eks", "--json", str(path)]) == 0
    result = json.loads(path.read_text())
    assert result["cost"]["hourly_cluster_cost_usd"] == pytest.approx(AWS_EKS_USD)
    run_usd = AWS_EKS_USD * result["duration_seconds"] / 3600
    assert result["cost"]["usd_per_1m_tokens"] == pytest.approx(run_usd / result["total_tokens"] * 1e6)
    assert result["cost"]["egress_cost_usd"] is None
    assert any("egress: needs the raw record" in words for words in result["warnings"])
    assert result["rates"]["usd_per_1m_tokens"]["value"] == result["cost"]["usd_per_1m_tokens"]


def test_a_result_of_the_predecessor_is_sent_where_it_can_be_taken_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps({"requests": 1, "success": 1, "ttft_p50_ms": 1.0, "latency_p50_ms": 2.0}))
    for command in (["judge", str(path)], ["render", str(path)], ["compare", str(path), str(path)]):
        assert main(command) == 2
        error = capsys.readouterr().err
        assert "is a result of rag-demo; for a comparison `ragmeter import" in error
        assert error.count("\n") == 1
