"""The scorecard of a run that was judged against a baseline."""

from dataclasses import replace
from functools import cache

import pytest

from ragmeter.core.compare.compare import compare_measured
from ragmeter.core.compare.regression import BASELINE, NOW, regressions
from ragmeter.core.compare.sides import measure
from ragmeter.core.requests.figure import Figure
from ragmeter.report.html.scorecard.figures import Gate
from ragmeter.report.html.scorecard_page import scorecard_html
from tests.report.examples import passing, second_provider
from tests.report.pages import Element, parsed
from tests.saved import saved_run

STEADY = (1.0, 1.01, 0.99, 1.0, 1.005, 0.995)
UNSTEADY = (0.8, 1.2, 1.0, 0.9, 1.1, 1.0)
KEYS = (Figure("output_tokens_per_s"), Figure("ttft_ms", "p50"), Figure("ttft_ms", "p95"))


@cache
def gate(factor: float, steady: tuple[float, ...] = STEADY) -> Gate:
    """The verdicts on a service whose times became ``factor`` times as long."""
    then = saved_run("mine", STEADY, requests=400)
    now = saved_run("mine", [factor * each for each in steady], seed=2, requests=400)
    sides = [measure(then, BASELINE), measure(now, NOW)]
    return regressions(compare_measured(sides, min_effect_ratio=0.1, ragmeter_version="0"), KEYS, "tiny @ mine")


def page(verdicts: Gate) -> Element:
    results = [passing(), replace(second_provider(), run_id="another")]
    return parsed(scorecard_html(results, gates={results[0].run_id: verdicts}))


def panel(verdicts: Gate) -> Element:
    (found,) = (at for at in page(verdicts).of_class("panel") if at.text().startswith("Against the baseline"))
    return found


@pytest.mark.parametrize(
    ("factor", "steady", "word", "outcome"),
    [
        (1.3, STEADY, "worse", "FAIL"),
        (0.7, STEADY, "better", "PASS"),
        (1.0, STEADY, "same", "PASS"),
        (1.05, UNSTEADY, "undecided", "INCONCLUSIVE"),
    ],
)
def test_each_figure_says_what_became_of_it_with_its_interval(
    factor: float, steady: tuple[float, ...], word: str, outcome: str
) -> None:
    verdicts = gate(factor, steady)
    rows = panel(verdicts).all("tbody")[0].all("tr")
    assert len(rows) == len(KEYS)
    assert outcome in rows[0].all("th")[0].text()
    assert rows[0].of_class("change")[0].text().startswith(f"{word}: ")
    for row, at in zip(rows, verdicts.values(), strict=True):
        assert at.subject in row.text()
        assert at.remark in row.text()
        assert "[" in row.of_class("change")[0].text()


def test_the_change_stands_below_the_figure_in_its_tile() -> None:
    tiles = page(gate(1.3)).of_class("tile")
    ttft = next(tile for tile in tiles if "ttft_ms" in tile.text())
    assert [len(row.of_class("worse")) for row in ttft.all("tr")] == [1, 1, 0]
    (throughput,) = (tile for tile in tiles if "output_tokens_per_s" in tile.text() and tile.of_class("worse"))
    assert "worse: -" in throughput.text()


def test_a_run_without_a_baseline_has_nothing_of_it() -> None:
    (found,) = parsed(scorecard_html([passing()])).of_class("ragmeter")
    assert "baseline" not in found.text()
    assert found.of_class("change") == []


def test_the_verdicts_stand_with_the_run_that_they_are_of() -> None:
    first, second = page(gate(1.3)).of_class("run")
    assert "Against the baseline" in first.text()
    assert "Against the baseline" not in second.text()
