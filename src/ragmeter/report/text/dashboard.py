"""A session while it runs, on a terminal: a line for each figure with its last value, its largest and its course."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ragmeter.core.errors import SchemaError
from ragmeter.core.figures.observe.over_time import GAUGES
from ragmeter.core.requests.figure import metric_short
from ragmeter.report.text.history import sparkline
from ragmeter.report.words.format import UNKNOWN, figure

if TYPE_CHECKING:
    from rich.console import RenderableType

_OF_REQUESTS: Final = {
    "sent": "sent, requests/s",
    "answered": "answered, requests/s",
    "failed": "failed, requests/s",
    "in_flight": "requests in flight",
    "ttft_p50_ms": "TTFT p50",
    "ttft_max_ms": "TTFT, largest",
}
_TITLE: Final = {"warmup": "warm-up", "search": "search", "measured": "measured", None: "no load"}
_VALUE_CELLS: Final = 10
_LEAST_CELLS: Final = 8
Line = Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a session tells of itself. seconds: since it began. lines: by name, the last value last."""

    phase: str | None
    seconds: int
    lines: Mapping[str, Line]


def shown(document: Any) -> Shown:
    """Of ``/series.json``. Raises SchemaError for what is none."""
    try:
        lines = {str(name): tuple(map(_value, line)) for name, line in document["lines"].items()}
        phase, first_s = document["phase"], int(document["first_s"])
        length = len(lines["sent"])
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise SchemaError("no series of a session") from error
    if phase not in tuple(_TITLE) or {len(line) for line in lines.values()} != {length}:
        raise SchemaError("no series of a session")
    return Shown(phase=phase, seconds=first_s + length, lines=lines)


def _value(told: Any) -> float | None:
    return None if told is None else float(told)


def rows_of(at: Shown, cells: int) -> list[tuple[str, str, str, str]]:
    """Name, last value, largest and course of each line that is known; cells: the seconds that fit."""
    names = [*_OF_REQUESTS, *(name for name in GAUGES if name in at.lines)]
    return [
        (_OF_REQUESTS.get(name) or metric_short(name), *_row(name, at.lines[name][-max(cells, 1) :]))
        for name in names
        if name in at.lines
    ]


def _row(name: str, line: Line) -> tuple[str, str, str]:
    known = [value for value in line if value is not None]
    if not known:
        return UNKNOWN, UNKNOWN, ""
    return _figure(name, line[-1]), _figure(name, max(known)), sparkline(line)


def _figure(name: str, value: float | None) -> str:
    is_count = value is not None and name in _OF_REQUESTS and not name.endswith("_ms")
    return f"{value:,.0f}" if is_count else figure(name, value)


def dashboard(at: Shown, where: str, width: int) -> "RenderableType":
    """As wide as the terminal. where: the address of the page."""
    from rich.table import Table
    from rich.text import Text

    minutes, seconds = divmod(at.seconds, 60)
    names = max(len(name) for name, *_ in rows_of(at, 1))
    cells = max(width - names - 2 * _VALUE_CELLS - 6, _LEAST_CELLS)
    table = Table(
        title=Text(f"{_TITLE[at.phase]}, {minutes}:{seconds:02} since the start, {where}", overflow="ellipsis"),
        caption=Text(f"each column is a second, the last {cells} s; Ctrl-C leaves", overflow="ellipsis"),
        box=None,
        padding=(0, 2, 0, 0),
        expand=False,
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("", no_wrap=True)
    table.add_column("now", justify="right", width=_VALUE_CELLS, no_wrap=True)
    table.add_column("largest", justify="right", width=_VALUE_CELLS, no_wrap=True)
    table.add_column("", no_wrap=True)
    for name, now, largest, course in rows_of(at, cells):
        style = "red" if name == _OF_REQUESTS["failed"] and largest not in {UNKNOWN, "0"} else ""
        table.add_row(Text(name), Text(now), Text(largest), Text(course), style=style)
    return table
