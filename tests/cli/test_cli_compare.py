"""``ragmeter compare``."""

import json
from pathlib import Path
from typing import Any

import pytest

from ragmeter.cli import main
from ragmeter.clients.files import schema
from ragmeter.core.schema import check
from tests.report.pages import parsed
from tests.saved import by_deltas, saved_run, write_raw

SIX = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0]
HOSTILE = '<script>alert("x")</script>\x1b[31m'


def raw(folder: Path, provider: str, factor: float = 1.0, **fields: Any) -> str:
    return str(write_raw(folder, saved_run(provider, [factor * each for each in SIX], **fields)))


def _later(folder: Path) -> str:
    """A faster run on another GPU, a day after the others."""
    day = "2026-02-23T10:15:30+00:00"
    return raw(folder, "there", 0.7, metadata={"gpu_model": "H100"}, seed=2, started_at=day)


def test_the_verdict_is_printed_with_its_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [raw(tmp_path, "here"), _later(tmp_path)]
    assert main(["compare", *runs]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "here (A) and there (B), 6 and 6 trials, not interleaved" in out
    assert "there faster by 30 % [" in out
    assert "there cheaper by " in out
    assert "could explain a difference: gpu_model L4 / H100" in out
    assert "not as interleaved trials" in out


def test_json_fits_its_schema_and_html_stands_alone(tmp_path: Path) -> None:
    runs = [raw(tmp_path, "here"), raw(tmp_path, "there", 0.7, seed=2), raw(tmp_path, "yonder", 1.2, seed=3)]
    out = {name: tmp_path / f"comparison.{name}" for name in ("json", "html")}
    assert main(["compare", *runs, *(part for name, path in out.items() for part in (f"--{name}", str(path)))]) == 0
    document = json.loads(out["json"].read_text())
    check(document, schema("comparison.v1"), "comparison.json")
    assert len(document["pairs"]) == 3
    page = parsed(out["html"].read_text())
    assert len(page.of_class("card")) == 3
    assert len(page.of_class("forest")[0].all("tr")) == 1 + 3 * 8 + 1
    assert not page.all("script")
    assert "there faster by 30 %" in page.text()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"metadata": {"model_id": "n"}}, "model_id is 'n', and 'm'"),
        ({"definitions_version": "2"}, "definitions_version"),
    ],
)
def test_runs_that_must_match_and_do_not_are_refused_by_the_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fields: dict[str, Any], field: str
) -> None:
    runs = [raw(tmp_path, "here"), raw(tmp_path, "there", **fields)]
    assert main(["compare", *runs]) == 2
    error = capsys.readouterr().err
    assert field in error
    assert error.count("\n") == 1
    assert main(["compare", *runs, "--even-if-different"]) == 0
    assert "NOT THE SAME MEASUREMENT" in capsys.readouterr().out


def test_runs_of_one_system_give_the_noise_band(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [raw(tmp_path, "here"), raw(tmp_path, "there", 0.9, seed=2)]
    twins = [raw(tmp_path / "aa", "one", seed=3), raw(tmp_path / "aa", "two", 1.4, seed=4)]
    assert main(["compare", *runs, "--aa", *twins]) == 0
    assert "identical systems differed by up to 4" in " ".join(capsys.readouterr().out.split())


def test_what_a_run_says_cannot_become_markup_or_move_the_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [raw(tmp_path, "here"), raw(tmp_path, "there", 0.7, metadata={"gpu_model": HOSTILE})]
    page = tmp_path / "page.html"
    assert main(["compare", *runs, "--html", str(page)]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert not parsed(page.read_text()).all("script")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["here.raw.jsonl"], "needs two runs or more"),
        (["a.json", "b.json"], "a.json: needs the requests of a run"),
        (["none.raw.jsonl", "none.raw.jsonl"], "none.raw.jsonl: "),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    raw(tmp_path, "here")
    assert main(["compare", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_an_effect_that_cannot_be_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["compare", "a", "b", "--min-effect", "5"])
    assert "5 is not above 0 and below 1" in capsys.readouterr().err


def test_the_declared_metrics_and_the_reference_can_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [raw(tmp_path, "here"), raw(tmp_path, "there", 0.7, seed=2), raw(tmp_path, "yonder", 1.2, seed=3)]
    out = tmp_path / "found.json"
    asked = ["--metric", "p90(ttft_ms)", "--metric", "requests_per_s", "--reference", "there", "--json", str(out)]
    assert main(["compare", *runs, *asked]) == 0
    assert "ttft" not in capsys.readouterr().err
    document = json.loads(out.read_text())
    assert [(pair["a"], pair["b"]) for pair in document["pairs"]] == [("there", "here"), ("there", "yonder")]
    assert [(at["metric"], at["statistic"]) for at in document["rankings"]] == [
        ("ttft_ms", "p90"),
        ("requests_per_s", None),
    ]
    assert document["family"] == 4
    assert [len(side["raw_sha256"]) for side in document["sides"]] == [64, 64, 64]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--metric", "p95(latency)", "unknown metric 'latency'"),
        ("--metric", "p95(output_tokens)", "neither direction is better"),
        ("--metric", "ttft_ms", "write a statistic of it"),
        ("--reference", "elsewhere", "'elsewhere' is not one of here, there"),
    ],
)
def test_a_metric_or_reference_that_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, words: str
) -> None:
    runs = [raw(tmp_path, "here"), raw(tmp_path, "there", seed=2)]
    try:
        status = main(["compare", *runs, option, value])
    except SystemExit as refused:
        status = int(str(refused.code))
    assert status == 2
    assert words in capsys.readouterr().err


def test_the_figures_of_a_probe_that_belongs_to_a_run_are_on_the_page(tmp_path: Path) -> None:
    probe, page = tmp_path / "ew.json", tmp_path / "page.html"
    probe.write_text(json.dumps({"latency": {"avg_ms": 0.41}, "tcp_throughput": {"gbps": 4.87, "retransmits": 12}}))
    linked = raw(tmp_path, "here", metadata={"netprobe_ew_path": str(probe)})
    gone = raw(tmp_path, "there", seed=2, metadata={"netprobe_ew_path": str(tmp_path / "gone.json")})
    assert main(["compare", linked, gone, "--html", str(page)]) == 0
    rows = [
        row.text() for row in parsed(page.read_text()).all("tr") if "Gbit/s" in row.text() or "gone.json" in row.text()
    ]
    assert len(rows) == 2
    assert "4.87 Gbit/s" in rows[0]
    assert rows[1].endswith("gone.json")


def test_counts_by_usage_and_counts_of_deltas_are_never_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also not when different runs are compared on purpose: only what does not depend on the count."""
    runs = [raw(tmp_path, "here"), str(write_raw(tmp_path, by_deltas(saved_run("there", SIX, seed=2))))]
    assert main(["compare", *runs]) == 2
    assert "token_source is 'deltas', and 'usage' in" in capsys.readouterr().err
    out, page = tmp_path / "found.json", tmp_path / "page.html"
    assert main(["compare", *runs, "--even-if-different", "--json", str(out), "--html", str(page)]) == 0
    (pair,) = json.loads(out.read_text())["pairs"]
    undecided = {at["metric"] for at in pair["metrics"] if at["ratio"]["value"] is None}
    assert undecided == {"tpot_ms", "output_tokens_per_s", "usd_per_1m_tokens"}
    sentence = next(at["sentence"] for at in pair["metrics"] if at["metric"] == "tpot_ms")
    assert sentence == "not decidable: tokens are counted by usage on here and by deltas on there"
    assert "token_source: usage and deltas" in page.read_text()
    assert "there: tokens are counted by deltas, one for each event with text" in page.read_text()
