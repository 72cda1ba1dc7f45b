"""``ragmeter cost``, and other offers in ``judge`` and ``compare``."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from ragmeter.core.requests.records import ErrorClass
from tests.saved import PRICES, saved_run, write_raw

SIX = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0]
SHEET = {**PRICES, "offers": {"spot": {"as_of": "2026-02-20", "source": "spot page", "gpu_node_usd_per_hr": 0.052}}}


def raw(folder: Path, provider: str = "here", factor: float = 1.0) -> str:
    return str(write_raw(folder, saved_run(provider, [factor * each for each in SIX], cost=SHEET)))


def test_prices_have_intervals_and_a_demand_and_an_api_are_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--demand", "1000000", "--api", "openai-gpt-4.1-mini", "--hours", "176:900"]
    assert main(["cost", raw(tmp_path), *asked]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "list prices as of 2026-01-30; source: list prices" in out
    assert "$0.5920 an hour, $432.16 a month" in out
    assert "1M good output tokens $" in out
    assert "1,000,000 good requests a month: 1 cluster, " in out
    # 50 tokens in and 10 out: 50 * 0.40 + 10 * 1.60 = 36 USD for a million requests
    assert "bills $0.00003600 for a request: 50.0 tokens in, 0 of them cached, 10.0 out" in out
    assert "good requests an hour, 2" in out
    assert ": the API is cheaper at any load" in out
    assert "the cached tokens of responses are unknown: all input is billed as not cached" in out
    assert "month of 158,400 good requests in 176 hours, 554 idle: at the peak 1 replica" in out
    assert "off while idle: $144.08 a month, 176 replica-hours" in out
    assert "the API bills $5.70" in out


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
        (["--demand", "much"], "'much' is not a number"),
        (["--demand", "nan"], "nan is not 0 or above"),
        (["--api", "none"], "unknown price list 'none'; known: openai-gpt-4.1-mini, openai-gpt-4o-mini"),
        (["--api", "./none.yaml"], "price list './none.yaml': no such file"),
        (["--hours", "176"], "'176' is not HOURS:REQUESTS, such as 176:20000"),
        (["--hours", "0:5"], "0 is not above 0"),
        (["--hours", "5:-1"], "-1 is not 0 or above"),
        (["--hours", "700:5", "--hours", "31:5"], "--hours: 731 hours are more than a month has, 730"),
        (["--hours", "176:0"], "--hours: no hour has a request"),
        (["--hours", "176:5", "--min-replicas", "0.5"], "0.5 is not a whole number"),
        (["--min-replicas", "2"], "--min-replicas: needs --hours"),
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


def test_a_comparison_shows_the_bill_of_the_api_and_the_month_on_its_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [raw(tmp_path), raw(tmp_path, "there", 1.1)]
    page, document = tmp_path / "page.html", tmp_path / "comparison.json"
    asked = ["--api", "openai-gpt-4.1-mini", "--hours", "176:900", "--html", str(page), "--json", str(document)]
    assert main(["compare", *runs, *asked]) == 0
    said = page.read_text()
    for label in ("here", "there"):
        assert f"{label}: openai-gpt-4.1-mini bills $0.00003600 for a request" in said
        assert f"{label}: break-even with openai-gpt-4.1-mini at 16,444" in said
        assert f"{label}: autoscaled: $432.16 a month" in said
    for side in json.loads(document.read_text())["sides"]:
        api = side["cost"]["api"]
        assert (api["prices"]["as_of"], api["parts"]["input"]) == ("2026-06-21", pytest.approx(20e-6))
        assert api["break_even"]["requests_per_hour"]["value"] == pytest.approx(0.592 / 36e-6)
        assert [way["name"] for way in side["cost"]["month"]["ways"]] == ["always on", "off while idle", "autoscaled"]


def test_a_price_that_failures_make_look_good_is_withheld_in_the_terminal_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = saved_run("here", SIX, cost=SHEET)
    lost = [replace(each, error=ErrorClass.TIMEOUT) if at % 2 else each for at, each in enumerate(run.samples)]
    assert main(["cost", str(write_raw(tmp_path, replace(run, samples=tuple(lost))))]) == 0
    out = capsys.readouterr().out
    assert "request                 withheld: " in out
    assert "good request            $" in out
