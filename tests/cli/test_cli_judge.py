"""``ragmeter judge``."""

import json
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from tests.saved import saved_run, write_raw


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


def test_other_prices_change_dollars_and_nothing_else(run: str, tmp_path: Path) -> None:
    results = []
    for prices in ("akamai-lke", "aws-eks"):
        path = tmp_path / f"{prices}.json"
        assert main(["judge", run, "--prices", prices, "--json", str(path)]) == 0
        results.append(json.loads(path.read_text()))
    first, second = results
    assert second["cost"]["hourly_cluster_cost_usd"] == pytest.approx(0.988)
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


def test_a_result_cannot_be_judged_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", str(tmp_path / "run.json")]) == 2
    assert "name its raw record" in capsys.readouterr().err
