"""``ragmeter cost``, and other offers in ``judge`` and ``compare``."""

import json
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from tests.saved import PRICES, saved_run, write_raw

SIX = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0]
SHEET = {**PRICES, "offers": {"spot": {"as_of": "2026-02-20", "source": "spot page", "gpu_node_usd_per_hr": 0.052}}}


def raw(folder: Path, provider: str = "here", factor: float = 1.0) -> str:
    return str(write_raw(folder, saved_run(provider, [factor * each for each in SIX], cost=SHEET)))


def test_prices_have_intervals_and_a_demand_and_an_api_are_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cost", raw(tmp_path), "--demand", "1000000", "--api-price", "20"]) == 0
    out = capsys.readouterr().out
    assert "list prices as of 2026-01-30; source: list prices" in out
    assert "$0.5920 an hour, $432.16 a month" in out
    assert "1M good output tokens   $" in out
    assert "1,000,000 good requests a month: 1 cluster, " in out
    assert "an API at $20.00 per 1M output tokens costs the same at 21.6 million good output tokens a month" in out


def test_json_has_the_same_and_an_offer_changes_dollars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found: list[dict[str, Any]] = []
    for offer in ([], ["--offer", "spot"]):
        assert main(["cost", raw(tmp_path / str(len(found))), "--json", *offer]) == 0
        found.append(json.loads(capsys.readouterr().out)["here"])
    listed, spot = found
    assert (listed["usd_per_hour"], spot["usd_per_hour"]) == pytest.approx((0.592, 0.124))
    assert (listed["offer"], spot["offer"], spot["source"]) == (None, "spot", "spot page")
    ratio = spot["usd_per_1m_tokens"]["high"] / listed["usd_per_1m_tokens"]["high"]
    assert ratio == pytest.approx(0.124 / 0.592)


def test_judge_and_compare_take_the_offer_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [raw(tmp_path), raw(tmp_path, "there", 1.1)]
    result, compared = tmp_path / "result.json", tmp_path / "comparison.json"
    assert main(["judge", runs[0], "--offer", "spot", "--json", str(result)]) == 0
    assert json.loads(result.read_text())["cost"]["hourly_cluster_cost_usd"] == pytest.approx(0.124)
    assert main(["compare", *runs, "--offer", "spot", "--demand", "5e6", "--json", str(compared)]) == 0
    for side in json.loads(compared.read_text())["sides"]:
        assert side["cost"]["usd_per_hour"] == pytest.approx(0.124)
        assert side["cost"]["at_demand"]["good_requests_per_month"] == 5e6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--offer", "free"], "no offer 'free'; known: spot"),
        (["--demand", "0"], "0 is not above 0"),
        (["--api-price", "much"], "'much' is not a number"),
    ],
)
def test_what_cannot_be_priced_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    try:
        status = main(["cost", raw(tmp_path), *arguments])
    except SystemExit as refused:
        status = int(str(refused.code))
    assert status == 2
    assert words in capsys.readouterr().err


def test_a_run_without_prices_has_no_cost_and_no_offer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write_raw(tmp_path, saved_run("here", SIX, cost=None)))
    assert main(["cost", path]) == 0
    assert "no price sheet: no cost" in capsys.readouterr().out
    assert main(["cost", path, "--offer", "spot"]) == 2
    assert "has no price sheet; name one with --prices" in capsys.readouterr().err
