"""A session while it runs: its figures second by second, and the process that serves them on loopback."""

import json
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ragmeter.clients.observe.page import samples_of
from ragmeter.core.campaign.events import (
    LoadEnded,
    PhaseStarted,
    RequestEnded,
    RequestStarted,
    Said,
    ServersRead,
    Tick,
)
from ragmeter.core.campaign.live import KEPT_S, STALE_S, Ended, LiveSeries, Phased, Record, Started, Told, record_of
from ragmeter.core.figures.observe.records import Reading, Span
from ragmeter.core.requests.records import ErrorClass, Phase
from ragmeter.run.processes.living import Live
from tests.core.samples import sample
from tests.waiting import wait_until

READING = Reading(
    source="http://one/metrics",
    span=Span(phase=Phase.MEASURED),
    at_ns=0,
    took_ns=1,
    samples=samples_of("vllm:num_requests_running 3\nvllm:num_requests_waiting 2\n", buckets=False),
)


def test_events_become_records_and_most_are_none() -> None:
    assert record_of(RequestStarted()) == Started(1)
    assert record_of(RequestEnded(sample(ttft_ms=70))) == Ended(True, 70.0)
    assert record_of(RequestEnded(sample(error=ErrorClass.TIMEOUT))) == Ended(False, None)
    assert record_of(RequestEnded(sample(error=ErrorClass.INTERRUPTED))) == Ended(None, None)
    assert record_of(ServersRead(READING)) == Told(READING.source, {"llm_running": 3.0, "llm_waiting": 2.0})
    assert record_of(PhaseStarted(phase=Phase.WARMUP, requests=1)) == Phased("warmup")
    assert record_of(LoadEnded()) == Phased(None)
    assert record_of(Said("a word")) is None
    assert record_of(Tick()) is None


def test_a_second_has_what_was_told_in_it_and_none_where_nothing_was() -> None:
    series = LiveSeries(100.0)
    told: list[tuple[float, Record]] = [
        (100.1, Phased("measured")),
        (100.2, Started(3)),
        (100.4, Ended(True, 50.0)),
        (100.5, Ended(True, 150.0)),
        (103.1, Told("one", {"llm_waiting": 4.0, "kv_cache_usage_ratio": 0.5})),
        (103.2, Told("two", {"llm_waiting": 1.0, "kv_cache_usage_ratio": 0.9})),
        (103.3, Ended(False, None)),
    ]
    for at_s, record in told:
        series.take(record, at_s)
    document = series.document(104.0)
    assert (document["phase"], document["first_s"]) == ("measured", 0)
    assert document["lines"] == {
        "sent": [3, 0, 0, 0],
        "answered": [2, 0, 0, 0],
        "failed": [0, 0, 0, 1],
        "in_flight": [1, 1, 1, 0],
        "ttft_p50_ms": [100.0, None, None, None],
        "ttft_max_ms": [150.0, None, None, None],
        "llm_waiting": [None, None, None, 5.0],
        "kv_cache_usage_ratio": [None, None, None, 0.9],
    }
    silent = series.document(104.0 + STALE_S + 2)["lines"]["llm_waiting"]
    assert silent[-1] is None, "what a server told long ago is not told as of now"


def test_it_looks_back_for_a_while_and_not_for_ever() -> None:
    series = LiveSeries(0.0)
    series.take(Started(1), 0.5)
    document = series.document(5.0 * KEPT_S)
    assert len(document["lines"]["sent"]) == KEPT_S - 1
    assert document["first_s"] == 4 * KEPT_S + 1
    assert sum(document["lines"]["sent"]) == 0


def test_a_prometheus_can_read_it() -> None:
    series = LiveSeries(0.0)
    assert "ragmeter_live_ttft_ms" not in series.exposition(0.5)
    for record in (Started(2), Ended(True, 40.0), Ended(False, None), Told("one", {"llm_waiting": 4.0})):
        series.take(record, 1.5)
    found = {
        (each.name, each.labels.get("what") or each.labels.get("quantile")): each.value
        for family in text_string_to_metric_families(series.exposition(2.0))
        for each in family.samples
    }
    assert found == {
        ("ragmeter_live_requests_total", "sent"): 2,
        ("ragmeter_live_requests_total", "answered"): 1,
        ("ragmeter_live_requests_total", "failed"): 1,
        ("ragmeter_live_in_flight", None): 0,
        ("ragmeter_live_ttft_ms", "0.5"): 40,
        ("ragmeter_live_ttft_ms", "0.95"): 40,
        ("ragmeter_live_llm_waiting", None): 4,
    }


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    found = Live()
    try:
        found.start()
        yield found
    finally:
        found.close()


def _series(live: Live) -> dict[str, list[float]]:
    lines: dict[str, list[float]] = json.loads(httpx.get(f"{live.url}series.json", trust_env=False).text)["lines"]
    return lines


def test_what_happens_is_served_on_loopback(live: Live) -> None:
    for _ in range(5):
        live(RequestStarted())
        live(RequestEnded(sample()))
    live(ServersRead(READING))
    live(Tick())
    lines = wait_until(lambda: found if sum((found := _series(live))["answered"]) == 5 else None, 30)
    assert sum(lines["sent"]) == 5
    assert 3.0 in lines["llm_running"]
    page = httpx.get(live.url, trust_env=False)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "ragmeter_live_requests_total" in httpx.get(f"{live.url}metrics", trust_env=False).text
    assert httpx.get(f"{live.url}other", trust_env=False).status_code == 404


def test_a_site_that_borrows_the_address_is_told_nothing(live: Live) -> None:
    for path in ("", "series.json", "metrics"):
        foreign = httpx.get(f"{live.url}{path}", headers={"host": "rag.example.com"}, trust_env=False)
        assert foreign.status_code == 421


def test_the_page_is_gone_with_its_session_and_nobody_waits_for_one_that_is_lost() -> None:
    live = Live()
    try:
        live.start()
        assert live._child is not None
        live._child.stop()
        for _ in range(300):
            live(RequestStarted())
            live(Tick())
    finally:
        live.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(live.url, trust_env=False)
