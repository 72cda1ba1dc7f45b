from dataclasses import replace
from datetime import date

import pytest

from ragmeter.core.figures.summary import PhaseFigures, summarise
from ragmeter.core.money.cost import Cost, PriceSheet, cost_of, cost_rates, price_sheet_from
from ragmeter.core.requests.records import Phase
from ragmeter.core.stats.estimate import Estimate
from tests.saved import PRICES

TODAY = date(2026, 2, 22)
NOTHING = summarise([], Phase.MEASURED).phase


def sheet(**prices: float | None) -> PriceSheet:
    return price_sheet_from({**PRICES, "egress_usd_per_gb": 0.005, **prices})


def phase(tokens: int | None = 126_453, seconds: float | None = 120.407) -> PhaseFigures:
    return replace(NOTHING, requests=500, success=400, errors=100, total_tokens=tokens, duration_seconds=seconds)


def cost(prices: PriceSheet, figures: PhaseFigures, received_bytes: int | None = 0) -> Cost:
    return cost_of(prices, figures, good=200, good_tokens=60_000, received_bytes=received_bytes, today=TODAY)


@pytest.mark.parametrize(
    ("gpu", "cpu", "management", "tokens", "seconds", "hourly", "run", "per_million"),
    [
        (0.52, 0.036, 0.0, 126_453, 120.407, 0.592, 0.019800, 0.156582),
        (0.8048, 0.0416, 0.10, 127_020, 182.591, 0.988, 0.050111, 0.394513),
        (0.8536, 0.067, 0.10, 126_670, 188.987, 1.0876, 0.057095, 0.450739),
    ],
    ids=["akamai-lke", "aws-eks", "gcp-gke"],
)
def test_published_costs_are_reproduced(
    gpu: float,
    cpu: float,
    management: float,
    tokens: int,
    seconds: float,
    hourly: float,
    run: float,
    per_million: float,
) -> None:
    prices = sheet(gpu_node_usd_per_hr=gpu, cpu_node_usd_per_hr=cpu, cluster_mgmt_usd_per_hr=management)
    result = cost(prices, phase(tokens, seconds))
    assert result.hourly_cluster_cost_usd == pytest.approx(hourly, abs=1e-9)
    assert result.benchmark_run_cost_usd == pytest.approx(run, abs=5e-7)
    assert result.usd_per_1m_tokens == pytest.approx(per_million, abs=5e-7)
    assert result.usd_per_month == pytest.approx(hourly * 730)


def test_cost_is_divided_by_all_by_successful_and_by_good_requests() -> None:
    result = cost(sheet(), phase())
    run = result.benchmark_run_cost_usd
    assert run is not None
    assert result.usd_per_request == pytest.approx(run / 500)
    assert result.usd_per_successful_request == pytest.approx(run / 400)
    assert result.usd_per_good_request == pytest.approx(run / 200)


@pytest.mark.parametrize(
    ("prices", "part"),
    [
        ({"load_balancer_usd_per_hr": 0.02}, 0.02),
        ({"load_balancer_usd_per_hr": 0.02, "load_balancer_count": 2}, 0.04),
        ({"load_balancer_usd_per_hr": 0.02, "load_balancer_count": 0}, None),
        ({"load_balancer_count": 0}, None),
        ({"load_balancer_count": 1}, "give load_balancer_usd_per_hr"),
        ({"nat_gateway_usd_per_hr": 0.045, "nat_gateway_count": 3}, 0.135),
        ({"nat_gateway_count": 1}, "give nat_gateway_usd_per_hr"),
    ],
)
def test_a_load_balancer_or_a_nat_gateway_is_charged_as_often_as_it_is_there(
    prices: dict[str, float], part: float | str | None
) -> None:
    name = next(iter(prices)).rpartition("_usd")[0] or next(iter(prices)).removesuffix("_count")
    result = cost(sheet(**prices), phase())
    if isinstance(part, str):
        assert result.hourly_cluster_cost_usd is None
        assert any(warning.endswith(part) for warning in result.warnings)
    else:
        assert result.parts.get(name) == (None if part is None else pytest.approx(part))
        assert result.hourly_cluster_cost_usd == pytest.approx(0.592 + (part or 0))


def test_parts_add_up_to_the_hour() -> None:
    prices = sheet(
        load_balancer_usd_per_hr=0.02, nat_gateway_usd_per_hr=0.045, storage_gb=73, storage_usd_per_gb_month=0.1
    )
    result = cost(prices, phase())
    assert result.parts == pytest.approx(
        {
            "gpu_nodes": 0.52,
            "cpu_nodes": 0.072,
            "management": 0.0,
            "load_balancer": 0.02,
            "nat_gateway": 0.045,
            "storage": 0.01,
        }
    )
    assert result.hourly_cluster_cost_usd == pytest.approx(sum(result.parts.values()))


def test_measured_bytes_are_charged_as_egress() -> None:
    without, with_bytes = cost(sheet(), phase()), cost(sheet(), phase(), 2_000_000_000)
    assert with_bytes.egress_cost_usd == pytest.approx(0.01)
    assert with_bytes.benchmark_run_cost_usd == pytest.approx((without.benchmark_run_cost_usd or 0) + 0.01)
    assert without.egress_cost_usd == 0


@pytest.mark.parametrize("prices", [sheet(egress_usd_per_gb=None), sheet()], ids=["price", "size"])
def test_egress_that_is_not_known_is_left_out_and_told(prices: PriceSheet) -> None:
    received = 1000 if prices.egress_usd_per_gb is None else None
    result = cost(prices, phase(), received)
    assert result.egress_cost_usd is None
    assert result.benchmark_run_cost_usd == pytest.approx(0.0198, abs=1e-5)
    assert result.warnings == ("traffic out of the cluster is not in the cost: its price or its size is unknown",)


@pytest.mark.parametrize(
    ("prices", "missing"),
    [
        ({"gpu_node_usd_per_hr": None}, "gpu_node_usd_per_hr and gpu_node_count"),
        ({"gpu_node_count": None}, "gpu_node_usd_per_hr and gpu_node_count"),
        ({"cpu_node_usd_per_hr": None}, "cpu_node_usd_per_hr and cpu_node_count"),
        ({"cluster_mgmt_usd_per_hr": None}, "cluster_mgmt_usd_per_hr (0 if it is free)"),
        ({"storage_gb": 100.0}, "storage_usd_per_gb_month"),
    ],
)
def test_a_cluster_with_an_unknown_part_has_no_cost_and_says_what_to_give(
    prices: dict[str, float | None], missing: str
) -> None:
    result = cost(sheet(**prices), phase())
    assert result.hourly_cluster_cost_usd is None
    assert result.usd_per_1m_tokens is None
    assert result.usd_per_request is None
    assert result.usd_per_month is None
    assert f"give {missing}" in result.warnings[0]


def test_no_nodes_of_a_kind_cost_nothing_whatever_their_price() -> None:
    result = cost(sheet(cpu_node_count=0, cpu_node_usd_per_hr=None), phase())
    assert result.hourly_cluster_cost_usd == pytest.approx(0.52)


@pytest.mark.parametrize("tokens", [None, 0])
def test_tokens_that_are_unknown_or_none_have_no_price(tokens: int | None) -> None:
    assert cost(sheet(), phase(tokens)).usd_per_1m_tokens is None


def test_a_phase_without_requests_costs_nothing_that_is_known() -> None:
    result = cost_of(sheet(), NOTHING, good=0, good_tokens=0, received_bytes=0, today=TODAY)
    assert result.benchmark_run_cost_usd is None
    assert (result.usd_per_request, result.usd_per_successful_request, result.usd_per_good_request) == (None,) * 3
    assert result.hourly_cluster_cost_usd == pytest.approx(0.592)


@pytest.mark.parametrize(("today", "told"), [(date(2026, 4, 30), False), (date(2026, 5, 1), True)])
def test_prices_older_than_90_days_are_told(today: date, told: bool) -> None:
    warnings = cost_of(sheet(), phase(), good=1, good_tokens=1, received_bytes=0, today=today).warnings
    assert any("days old (as of 2026-01-30)" in warning for warning in warnings) is told


def test_prices_of_bytes_that_the_client_does_not_see_are_told() -> None:
    warnings = cost(sheet(nat_data_usd_per_gb=0.045, cross_az_usd_per_gb=0.01), phase()).warnings
    assert warnings == (
        "nat_data_usd_per_gb and cross_az_usd_per_gb not in the cost: the client does not see those bytes",
    )


def test_a_sheet_needs_a_real_day() -> None:
    with pytest.raises(ValueError, match="last spring"):
        PriceSheet(as_of="last spring", source="memory")


def test_costs_can_be_judged_by_name() -> None:
    rates = cost_rates(cost(sheet(), phase()), phase(), {})
    assert set(rates) == {
        "usd_per_1m_tokens",
        "usd_per_1m_good_tokens",
        "usd_per_request",
        "usd_per_successful_request",
        "usd_per_good_request",
    }
    assert rates["usd_per_1m_tokens"].value == pytest.approx(0.156582, abs=1e-6)


def test_the_interval_of_a_throughput_is_carried_to_dollars() -> None:
    speed = Estimate(value=1000.0, low=800.0, high=1250.0, n=400, enough=True)
    at = cost_rates(cost(sheet(), phase()), phase(), {"output_tokens_per_s": speed})["usd_per_1m_tokens"]
    assert at.value == pytest.approx(0.156582, abs=1e-6)
    assert at.low == pytest.approx(0.156582 / 1.25, abs=1e-6)
    assert at.high == pytest.approx(0.156582 * 1.25, abs=1e-6)


def test_egress_is_paid_by_the_byte_and_not_by_the_hour() -> None:
    speed = Estimate(value=1000.0, low=500.0, high=2000.0, n=400, enough=True)
    paid = cost(sheet(egress_usd_per_gb=0.1), phase(), received_bytes=10**9)
    at = cost_rates(paid, phase(), {"output_tokens_per_s": speed})["usd_per_1m_tokens"]
    egress = 0.1 / 126_453 * 1e6
    assert at.low == pytest.approx(egress + 0.156582 / 2, abs=1e-6)
    assert at.high == pytest.approx(egress + 0.156582 * 2, abs=1e-6)


def test_without_an_interval_of_the_throughput_the_price_has_none() -> None:
    speed = Estimate(value=1000.0, low=None, high=None, n=400, enough=True)
    at = cost_rates(cost(sheet(), phase()), phase(), {"output_tokens_per_s": speed})["usd_per_1m_tokens"]
    assert (at.low, at.high) == (None, None)
