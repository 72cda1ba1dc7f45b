"""What the page shows of the servers: over the time, beside slow requests, by load, and in the TTFT breakdown."""

import re
from dataclasses import replace

from tests.report.examples import passing
from tests.report.html.on_top import bounded, over_time, searched, timeline
from tests.report.pages import page_of
from tests.report.test_html import section


def test_a_stage_says_whether_a_histogram_measures_or_bounds_it() -> None:
    panel = section(page_of(bounded()), "TTFT breakdown")
    assert panel.text().count("measured by the server's histogram") == 1
    assert panel.text().count("bounded by the server's histogram") == 1
    assert re.search(r"[\d.]+ ms\s*between [\d.]+ ms and [\d.]+ ms", panel.text())
    assert len(panel.of_class("bounded")) == 1


def test_what_the_servers_did_stands_over_the_same_time_and_beside_the_slow_requests() -> None:
    page = page_of(over_time())
    plots = section(page, "Over the run")
    for title in ("Requests at the LLM servers", "KV cache in use", "Preemptions per second"):
        assert title in plots.text()
    assert "readings a second apart, of all replicas together" in plots.text()
    assert (
        "Servers meanwhile: LLM running 8, LLM waiting 12, KV in use 97 %" in section(page, "Slowest requests").text()
    )
    silent = replace(over_time(), timeline=timeline(), slowest=passing().slowest)
    assert "LLM servers" not in section(page_of(silent), "Over the run").text()
    assert "meanwhile" not in section(page_of(silent), "Slowest requests").text()


def test_a_search_names_what_of_the_servers_was_full_first() -> None:
    panel = section(page_of(searched()), "Servers")
    assert "The KV cache was full first, at 9 requests/s" in panel.text()
    assert all(f"{load} requests/s" in panel.text() for load in (4, 8, 9))
