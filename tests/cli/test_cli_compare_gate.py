"""``ragmeter compare --gate``: the exit status is that of the paired differences."""

from pathlib import Path

import pytest

from ragmeter.cli import main
from tests.cli.test_cli_compare import raw
from tests.report.pages import parsed


def session(folder: Path, *factors: float, **fields: object) -> list[str]:
    """Runs of one session, named after their place, each as much slower than the first as its factor says."""
    return [
        raw(folder, f"p{place}", factor, seed=place + 1, interleaving="one", **fields)
        for place, factor in enumerate(factors)
    ]


@pytest.mark.parametrize(
    ("factors", "options", "status", "words"),
    [
        ((1.0, 1.0), ["--min-effect", "0.2"], 0, "PASS p50(ttft_ms)"),
        ((1.0, 1.3), [], 1, "FAIL p50(ttft_ms)"),
        ((1.0, 0.7), [], 0, "PASS p50(ttft_ms)"),
        ((1.0, 1.3), ["--min-effect", "0.5"], 0, "PASS p50(ttft_ms)"),
        ((1.3, 1.0), ["--reference", "p1"], 1, "FAIL p50(ttft_ms)"),
        ((1.0, 1.0, 1.3), ["--reference", "p0"], 1, "FAIL p50(ttft_ms)"),
        ((1.3, 1.0, 1.0), ["--reference", "p0"], 0, "PASS p50(ttft_ms)"),
    ],
)
def test_a_run_that_is_worse_than_the_reference_fails_the_gate(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    factors: tuple[float, ...],
    options: list[str],
    status: int,
    words: str,
) -> None:
    runs = session(tmp_path, *factors)
    assert main(["compare", *runs, "--gate", "--metric", "p50(ttft_ms)", *options]) == status
    outcome, figure = words.split()
    said = " ".join(capsys.readouterr().out.split())
    assert f"{outcome} example @" in said or f"{outcome} " in said
    assert f"{figure} against p" in said


def test_what_is_not_decided_is_a_miss_in_strict_mode_alone(tmp_path: Path) -> None:
    command = ["compare", *session(tmp_path, 1.0, 1.0), "--gate", "--metric", "p50(ttft_ms)"]
    assert main(command) == 0
    assert main([*command, "--strict"]) == 1


def test_runs_of_two_sessions_are_no_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [raw(tmp_path, "here"), raw(tmp_path, "there", seed=2)]
    assert main(["compare", *runs, "--gate"]) == 2
    assert "--gate: here and there are no interleaved trials of one session" in capsys.readouterr().err


def test_of_three_runs_the_reference_must_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *session(tmp_path, 1.0, 1.0, 1.0), "--gate"]) == 2
    assert "--gate: needs --reference, one of p0, p1, p2" in capsys.readouterr().err


def test_without_prices_the_other_figures_are_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *session(tmp_path, 1.0, 0.8, cost=None), "--gate"]) == 0
    said = capsys.readouterr().out
    assert "output_tokens_per_s against p0" in " ".join(said.split())
    assert "usd_per_1m_tokens against" not in said


def test_the_page_has_each_verdict_on_each_side(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    asked = ["--metric", "p50(ttft_ms)", "--min-effect", "0.2", "--html", str(page)]
    assert main(["compare", *session(tmp_path, 1.0, 1.0, 1.4), "--gate", "--reference", "p0", *asked]) == 1
    (table,) = parsed(page.read_text()).of_class("against")
    rows = [" ".join(row.text().split()) for row in table.all("tr")[1:]]
    assert len(rows) == 2
    assert ("PASS" in rows[0], "p1" in rows[0], "FAIL" in rows[1], "p2" in rows[1]) == (True,) * 4
    assert "a regression by more than 20 %" in rows[1]


@pytest.mark.parametrize("same_session", [True, False])
def test_without_a_reference_or_a_shared_session_the_page_has_no_verdicts(tmp_path: Path, same_session: bool) -> None:
    page = tmp_path / "page.html"
    runs = session(tmp_path, 1.0, 1.4) if same_session else [raw(tmp_path, "p0"), raw(tmp_path, "p1", seed=2)]
    reference = [] if same_session else ["--reference", "p0"]
    assert main(["compare", *runs, *reference, "--html", str(page)]) == 0
    assert not parsed(page.read_text()).of_class("against")
