"""The client measurement error: computed from known times, and held against the figures that it is a part of."""

from dataclasses import replace

import pytest

from ragmeter.core.client.floor import Calibration, Floor, floor_of
from ragmeter.core.stats.estimate import Estimate, estimate_exact
from ragmeter.core.verdicts.floor_reasons import floor_reasons
from ragmeter.core.verdicts.slo import parse_slo
from tests.core.samples import ns, sample

WRITTEN = (ns(100.0), ns(110.0), ns(130.0))


def test_floor_is_the_distance_from_the_times_the_server_wrote_down() -> None:
    seen = sample(request_id="a", events_ns=(ns(100.5), ns(110.25), ns(131.0)), ended_ns=ns(131))
    floors = floor_of([seen], {"a": WRITTEN})
    assert floors["ttft_ms"].p50.value == pytest.approx(0.5)
    assert floors["itl_ms"].p50.value == pytest.approx(0.5)
    assert floors["itl_ms"].p50.n == 2
    assert floors["tpot_ms"].p50.value == pytest.approx((30.5 - 30) / 2)


@pytest.mark.parametrize(
    "changes", [{"request_id": "b"}, {"error": "timeout"}, {"events_ns": (ns(100.5),), "ended_ns": ns(101)}]
)
def test_request_that_the_server_does_not_know_is_left_out(changes: dict[str, object]) -> None:
    seen = replace(sample(request_id="a", events_ns=WRITTEN, ended_ns=WRITTEN[-1]), **changes)  # type: ignore[arg-type]
    assert floor_of([seen], {"a": WRITTEN})["ttft_ms"].p50.value is None


def calibration(p50: float, p99: float, *, low: float | None = None) -> Calibration:
    estimate = estimate_exact(p50, 100)
    floor = Floor(
        p50=replace(estimate, low=p50 if low is None else low, high=p50), p99=replace(estimate, value=p99, low=p99)
    )
    return Calibration(
        requests=100,
        concurrency=10,
        rate_per_s=None,
        events_per_s=500.0,
        floors=dict.fromkeys(("ttft_ms", "itl_ms", "tpot_ms"), floor),
        client_cpu_ratio=0.1,
    )


@pytest.mark.parametrize(
    ("slo", "p50", "p99", "refused"),
    [
        ("p50(ttft_ms) <= 200", 4.9, 90.0, False),
        ("p50(ttft_ms) <= 200", 5.1, 5.1, True),
        ("mean(ttft_ms) <= 200", 4.9, 90.0, False),
        ("p95(ttft_ms) <= 200", 0.1, 4.9, False),
        ("p95(ttft_ms) <= 200", 0.1, 5.1, True),
        ("p99(ttft_scheduled_ms) <= 200", 0.1, 5.1, True),
        ("p50(tpot_ms) <= 200", 5.1, 5.1, True),
        ("p50(itl_ms) <= 200", 5.1, 5.1, True),
        ("p50(e2e_ms) <= 200", 50.0, 50.0, False),
        ("errors <= 0", 50.0, 50.0, False),
    ],
)
def test_figure_of_which_more_than_a_twentieth_is_the_clients_own_is_not_judged(
    slo: str, p50: float, p99: float, refused: bool
) -> None:
    """The figure is 100 ms."""
    figure = Estimate(value=100.0, low=90.0, high=110.0, n=1000, enough=True)
    reasons = floor_reasons(parse_slo(slo, "x"), figure, calibration(p50, p99))
    assert bool(reasons) is refused
    assert all("more than 5% of the figure" in reason for reason in reasons)


def test_one_hiccup_in_a_short_calibration_is_no_floor() -> None:
    figure = Estimate(value=100.0, low=90.0, high=110.0, n=1000, enough=True)
    assert floor_reasons(parse_slo("p50(ttft_ms) <= 200", "x"), figure, calibration(30.0, 30.0, low=0.1)) == []


@pytest.mark.parametrize("known", [None, Estimate(value=None, low=None, high=None, n=0, enough=False)])
def test_without_a_figure_or_a_calibration_there_is_nothing_to_say(known: Estimate | None) -> None:
    slo = parse_slo("p50(ttft_ms) <= 200", "x")
    assert floor_reasons(slo, known, calibration(50.0, 50.0)) == []
    assert floor_reasons(slo, Estimate(value=1.0, low=1.0, high=1.0, n=9, enough=True), None) == []
