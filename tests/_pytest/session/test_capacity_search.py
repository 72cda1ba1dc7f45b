"""load.search, against a server that plays so many streams at a time: its capacity is known."""

from collections.abc import Iterator
from statistics import fmean

import pytest

from ragmeter.testing import GroundTruthServer, StreamScript
from tests._pytest.project import Project, refused

LANES = 30
"""At a second each, 30 streams a second: slow enough for a client on a busy machine to be in time (1 % of the TTFT)."""
SEARCH = {"metric": "good_ratio", "at_least": 0.9, "resolution": 0.15}


@pytest.fixture(scope="module")
def serial() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(StreamScript(ttft_ms=10, itl_ms=5, tokens=4), process=True, lanes=1) as running:
        yield running


@pytest.fixture(scope="module")
def wide() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(StreamScript(ttft_ms=1000, itl_ms=5, tokens=4), process=True, lanes=LANES) as running:
        yield running


@pytest.fixture
def searching(project: Project, serial: GroundTruthServer) -> Project:
    project.provider(base_url=serial.base_url)
    return project


@pytest.mark.alone
def test_rate_that_a_server_can_take_is_found_and_the_trials_run_at_it(
    searching: Project, wide: GroundTruthServer
) -> None:
    """Or the client says that it was not fit. Beside other tests the server itself would have no rate that is known."""
    searching.provider(base_url=wide.base_url)
    searching.workload(
        benchmark={"requests": 60},
        load={"shape": "constant", "rate_per_s": 20, "search": SEARCH},
        goodput={"ttft_ms": 1060},
    )
    outcome = searching.run()
    result = searching.result()
    capacity = result["capacity"]
    if capacity["ended"] is not None:
        assert capacity["ended"].startswith("the measurement was not valid at "), capacity
        return
    truths = wide.truths().values()
    busy_s = [(truth.ended_ns - truth.text_ns[0]) / 1e9 + 1.0 for truth in truths if truth.ended_ns and truth.text_ns]
    possible = LANES / fmean(busy_s)
    assert capacity["held"] <= 1.15 * possible
    assert capacity["failed"] >= 0.85 * possible
    assert capacity["failed"] <= 1.15 * capacity["held"] * 1.01
    assert result["harness"]["offered_rate_per_s"] == pytest.approx(capacity["held"], rel=0.02)
    assert result["measured_requests"] == 60
    steps = [(part["level"], part["whole"]) for part in searching.lines("part") if part["name"] == "search"]
    assert [step["level"] for step in capacity["steps"]] == [level for level, whole in steps if whole]
    assert sum(s["phase"] == "search" for s in searching.samples()) == 60 * len(steps)
    outcome.stdout.fnmatch_lines(["*capacity *requests/s hold good_ratio of at least 90 %*"])
    (page,) = searching.reports.glob("ns/mine/*.html")
    assert "highest that held" in page.read_text(encoding="utf-8")


def test_number_of_users_whose_wait_is_short_enough_is_found(searching: Project) -> None:
    """With n users each waits for n - 1 others: 100 ms of 25 ms each and 10 ms for itself are 4 or 5."""
    searching.workload(
        benchmark={"requests": 60, "concurrency": 1},
        load={"search": {**SEARCH, "resolution": 0.01}},
        goodput={"ttft_ms": 125},
    )
    searching.run().assert_outcomes(passed=1)
    result = searching.result()
    assert result["capacity"]["held"] in {3, 4, 5}
    assert result["capacity"]["unit"] == "concurrent requests"
    assert result["concurrency"] == result["capacity"]["held"] == result["harness"]["peak_concurrency"]


def test_service_that_holds_no_load_is_not_measured(searching: Project) -> None:
    searching.workload(benchmark={"requests": 12, "concurrency": 2}, load={"search": SEARCH}, goodput={"ttft_ms": 1})
    searching.run().assert_outcomes(passed=0, failed=1)
    result = searching.result()
    assert (result["capacity"]["held"], result["measured_requests"], result["status"]) == (None, 0, "complete")


def test_budget_ends_the_search_and_the_trials_still_run(searching: Project) -> None:
    searching.workload(
        benchmark={"requests": 60, "concurrency": 1},
        load={"search": {**SEARCH, "max_minutes": 0.12}},
        goodput={"ttft_ms": 60_000},
    )
    searching.run().assert_outcomes(passed=1)
    result = searching.result()
    assert "another step would have cost 0." in result["capacity"]["ended"]
    assert result["measured_requests"] == 60


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ({"search": {"metric": "good_ratio"}}, "$.load.search: 'at_least' is missing"),
        (
            {"search": {**SEARCH, "at_least": 0.99}},
            "$.benchmark.requests: 60: a search for good_ratio",
        ),
        ({"search": {**SEARCH, "metric": "speed"}}, "$.load.search.metric: 'speed' is not one of good_ratio"),
        ({"search": {**SEARCH, "max_usd": 1}}, "$.load.search: dollars cannot be counted: mine.yaml: "),
        ({"shape": "sweep", "rates_per_s": [1, 2], "search": SEARCH}, "needs $.load.shape closed, constant"),
    ],
)
def test_search_that_cannot_be_is_refused(searching: Project, load: dict[str, object], words: str) -> None:
    searching.workload(benchmark={"requests": 60}, load=load)
    refused(searching, searching.run(), words)
