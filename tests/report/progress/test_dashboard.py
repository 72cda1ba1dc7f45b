"""A session on a terminal while it runs."""

import io
from typing import Any

import pytest
from rich.console import Console

from ragmeter.core.campaign.live import Ended, LiveSeries, Phased, Record, Started, Told
from ragmeter.core.errors import SchemaError
from ragmeter.report.text.dashboard import dashboard, rows_of, shown
from ragmeter.report.words.format import UNKNOWN

EVENTS: list[tuple[float, Record]] = [
    (0.1, Phased("measured")),
    (0.2, Started(3)),
    (1.4, Ended(True, 50.0)),
    (2.5, Ended(False, None)),
    (2.6, Told("one", {"llm_waiting": 4.0, "kv_cache_usage_ratio": 0.5})),
]


def document(*events: tuple[float, Record], at_s: float = 4.0) -> dict[str, Any]:
    series = LiveSeries(0.0)
    for moment_s, record in events:
        series.take(record, moment_s)
    return series.document(at_s)


def printed(told: dict[str, Any], width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=24)
    console.print(dashboard(shown(told), "http://127.0.0.1:1/", console.width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_each_line_has_its_last_value_its_largest_and_its_course() -> None:
    rows = {row[0]: row[1:] for row in rows_of(shown(document(*EVENTS)), 10)}
    assert rows["sent, requests/s"] == ("0", "3", "█▁▁▁")
    assert rows["failed, requests/s"] == ("0", "1", "▁▁█▁")
    assert rows["requests in flight"] == ("1", "3", "█▆▃▃")
    assert rows["TTFT p50"] == (UNKNOWN, "50.0 ms", f"{UNKNOWN}█{UNKNOWN * 2}")
    assert rows["LLM waiting"] == ("4.00", "4.00", f"{UNKNOWN * 2}██")


def test_only_the_last_seconds_are_shown() -> None:
    rows = {row[0]: row[1:] for row in rows_of(shown(document(*EVENTS)), 2)}
    assert rows["sent, requests/s"] == ("0", "0", "▁▁")
    assert rows["TTFT p50"] == (UNKNOWN, UNKNOWN, "")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_it_fits_the_terminal(width: int) -> None:
    lines = printed(document(*EVENTS, at_s=600.0), width)
    assert lines[0].startswith("measured, 10:00 since the start")
    assert max(map(len, lines)) <= width
    assert len(lines) <= 20


def test_a_session_that_has_just_begun_is_shown() -> None:
    lines = printed(document(at_s=0.5))
    assert lines[0].startswith("no load, 0:00")
    assert any(line.startswith("sent, requests/s") for line in lines)


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"phase": "measured", "first_s": 0, "lines": {}},
        {"phase": "dinner", "first_s": 0, "lines": {"sent": []}},
        {"phase": None, "first_s": 0, "lines": {"sent": ["x"]}},
        {"phase": None, "first_s": 0, "lines": {"sent": [1], "failed": []}},
        {"phase": [], "first_s": 0, "lines": {"sent": [1]}},
    ],
)
def test_what_is_no_session_is_refused(told: Any) -> None:
    with pytest.raises(SchemaError):
        shown(told)
