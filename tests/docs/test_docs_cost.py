"""The worked example of the page on cost: the figures that it shows are those that the command prints."""

import re
from pathlib import Path

import pytest

from ragmeter.cli import main
from ragmeter.core.requests.records import RequestSample
from tests.core.samples import sample
from tests.docs.pages import ROOT
from tests.saved import PRICES, saved_run, write_raw

PAGE = (ROOT / "docs" / "explanation-cost.md").read_text(encoding="utf-8")
REQUESTS, LASTED_S = 100, 50.0
TRIALS = ((0.98, 196), (1.00, 198), (1.02, 200), (1.01, 202), (0.99, 204))
"""Five trials: how long each lasted, of 50 s, and how many tokens an answer of it has: 2 requests/s and 200 tokens."""


def requests() -> tuple[RequestSample, ...]:
    made: list[RequestSample] = []
    begin_ms = 0.0
    for trial, (factor, tokens) in enumerate(TRIALS):
        each_ms = factor * LASTED_S * 1000 / REQUESTS
        made += [
            sample(
                index=len(made) + n,
                trial=trial,
                at_ms=begin_ms + n * each_ms,
                ttft_ms=each_ms / 5,
                gaps_ms=[each_ms * 4 / 5],
                prompt_tokens=3000,
                cached_tokens=1000,
                output_tokens=tokens,
            )
            for n in range(REQUESTS)
        ]
        begin_ms += 2 * LASTED_S * 1000
    return tuple(made)


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``office.raw.jsonl``, at the price of 0.592 USD an hour."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    run = saved_run("office", [1.0], cost={**PRICES, "as_of": "2026-06-21"})
    write_raw(tmp_path, type(run)(path=run.path, plan=run.plan, samples=requests(), ending=run.ending))


@pytest.mark.usefixtures("record")
def test_the_page_shows_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r"```text\n\$ ragmeter (cost office[^\n]*)\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    assert main(found[1].split()) == 0
    assert capsys.readouterr().out == found[2]
