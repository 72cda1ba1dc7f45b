import math
from typing import Any

import numpy as np
import pytest

from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.figures.summary import summarise
from ragmeter.core.inputs.until import Until, until_from
from ragmeter.core.requests.figure import Figure
from ragmeter.core.requests.records import Phase
from ragmeter.core.schema import defaults
from ragmeter.core.stats.trials import mean_over_trials
from ragmeter.core.verdicts.precision import is_known, trials_wanted, watched, widest
from tests.saved import samples_of

P50 = Figure("ttft_ms", "p50")


def rule(**section: Any) -> Until:
    return until_from(defaults(schema("workload.v1"), "until") | {"ci_width": 0.05, **section})


@pytest.mark.parametrize(("written", "width"), [("5%", 0.05), ("7.5 %", 0.075), (0.05, 0.05)])
def test_a_width_is_a_share_however_it_is_written(written: Any, width: float) -> None:
    assert rule(ci_width=written).ci_width == pytest.approx(width)


@pytest.mark.parametrize(
    ("narrow", "wanted"),
    [
        ([], None),
        ([True] * 4, None),
        ([True] * 5, 8),
        ([False] * 6 + [True], 10),
        ([False] * 6 + [True, False, False], 10),
        ([False] * 11, None),
        ([False] * 12, 12),
        ([False] * 10 + [True], 12),
    ],
)
def test_three_trials_follow_the_first_narrow_interval_from_five_trials_on(
    narrow: list[bool], wanted: int | None
) -> None:
    assert trials_wanted(narrow, max_trials=12) == wanted


@pytest.mark.parametrize(("narrow", "known"), [([True] * 4 + [False] * 8, False), ([False] * 4 + [True], True)])
def test_what_three_trials_seem_to_show_is_not_known(narrow: list[bool], known: bool) -> None:
    assert is_known(narrow) is known


def test_figures_of_slos_that_have_an_interval_are_watched() -> None:
    slos = [(e, "x.yaml") for e in ("p95(ttft_ms) <= 9", "errors <= 0", "max(e2e_ms) <= 9", "error_ratio <= 0.1")]
    assert watched(rule(), slos, "x.yaml") == (("ttft_ms", "p95"), ("error_ratio", None))


def test_a_named_metric_is_watched_alone() -> None:
    assert watched(rule(metric="p50(ttft_ms)"), [("p95(ttft_ms) <= 9", "x.yaml")], "x.yaml") == (P50,)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({}, "x.yaml: $.until: no SLO has an interval over trials; write $.until.metric"),
        ({"metric": "errors"}, "x.yaml: $.until.metric: 'errors' has no interval over trials"),
        ({"metric": "p50(tftt_ms)"}, "did you mean ttft_ms"),
    ],
)
def test_what_can_never_be_narrow_is_refused(section: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        watched(rule(**section), [("errors <= 0", "x.yaml")], "x.yaml")
    assert sentence in str(caught.value)


def test_the_width_is_relative_and_that_of_a_ratio_is_not() -> None:
    figures = summarise(samples_of([1.0, 1.1, 0.9, 1.0, 1.0]), Phase.MEASURED)
    at = figures.series["ttft_ms"].estimate("p50")
    assert at.low is not None
    assert at.high is not None
    assert at.value is not None
    assert widest([P50], figures) == ((at.high - at.low) / at.value, P50)
    good = figures.rates["good_ratio"]
    assert good.low is not None
    assert widest([Figure("good_ratio")], figures)[0] == pytest.approx(1 - good.low)


def test_without_an_interval_the_width_is_infinite() -> None:
    figures = summarise(samples_of([1.0, 1.1]), Phase.MEASURED)
    assert math.isinf(widest([P50, Figure("good_ratio")], figures)[0])


@pytest.mark.parametrize("drift", [0.02, 0.08, 0.1])
def test_an_interval_that_was_waited_for_covers_the_truth(drift: float) -> None:
    """At the worst ratio of drift to width, 0.8 to 1, and where five trials are enough."""
    rng = np.random.default_rng(41)
    covered = 0
    for _ in range(600):
        values = np.exp(rng.normal(0, drift, 60)).tolist()
        narrow: list[bool] = []
        while (wanted := trials_wanted(narrow, 60)) is None or len(narrow) < wanted:
            _, (low, high) = mean_over_trials(values[: len(narrow) + 1])
            narrow.append(low is not None and high is not None and high - low <= 0.1)
        _, (low, high) = mean_over_trials(values[: len(narrow)])
        covered += low is not None and high is not None and low <= 1 <= high
    assert covered / 600 >= 0.91
