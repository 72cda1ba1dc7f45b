"""--bench-max-usd."""

import pytest

from ragmeter._pytest.hooks.live import BUDGET_SPENT
from tests._pytest.project import Project, refused

PRICES = {
    "as_of": "2026-01-30",
    "source": "nobody's list",
    "gpu_node_usd_per_hr": 3600,
    "gpu_node_count": 1,
    "cpu_node_count": 0,
    "cluster_mgmt_usd_per_hr": 0,
}
"""A dollar a second."""


@pytest.fixture(autouse=True)
def priced(project: Project) -> None:
    project.provider(script="slow", cost=PRICES)


def test_every_cluster_of_the_session_is_paid_for(project: Project) -> None:
    project.provider("other", cost=PRICES)
    plan = ("--provider=./other.yaml", "--bench-shape=constant", "--bench-rate=1", "--bench-requests=101")
    refused(project, project.run("--bench-max-usd=300", *plan), "--bench-max-usd: ", "400.00 USD of at most 300.00 USD")


def test_session_stops_in_time_and_keeps_what_was_measured(project: Project) -> None:
    outcome = project.run("--bench-max-usd=5", "--bench-requests=5000", "--bench-warmup=2")
    assert outcome.ret == BUDGET_SPENT
    outcome.stdout.fnmatch_lines(
        [
            "predicted from the warm-up: * USD from now on; the budget ends before: * USD of at most 5.00 USD",
            "*the budget is spent: 5.* USD of at most 5.00 USD; what was measured is in *",
        ]
    )
    result = project.result()
    assert result["status"] == "interrupted"
    assert result["cost"]["benchmark_run_cost_usd"] < 10


def test_bytes_that_leave_the_cluster_are_counted(project: Project) -> None:
    project.provider(cost={**PRICES, "gpu_node_usd_per_hr": 0, "egress_usd_per_gb": 100_000})
    outcome = project.run("--bench-max-usd=1", "--bench-requests=5000", "--bench-concurrency=8")
    assert outcome.ret == BUDGET_SPENT
    received = sum(sample["received_bytes"] for sample in project.samples())
    assert 10_000 <= received < 1_000_000


def test_dollars_that_cannot_be_counted_are_refused(project: Project) -> None:
    project.provider(cost={name: value for name, value in PRICES.items() if name != "gpu_node_count"})
    outcome = project.run("--bench-max-usd=1")
    refused(project, outcome, "--bench-max-usd: dollars cannot be counted: mine.yaml: the cost of gpu_nodes is unknown")
