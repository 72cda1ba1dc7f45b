"""The measured phase over its time: rates, requests in flight, failures and the first token, below one another."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ragmeter.core.figures.timeline import Timeline
from ragmeter.core.result.result import RunResult
from ragmeter.report.html import svg
from ragmeter.report.html.layout import section
from ragmeter.report.html.scale import Scale, fitting, labelled
from ragmeter.report.words.format import Unit, quantity
from ragmeter.report.words.markup import Html, element

_TOP: Final = 8
_PLOT: Final = 84
Values = Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """name: beside its value. kind: how it is drawn."""

    name: str
    values: Values
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    title: str
    unit: Unit
    lines: tuple[_Line, ...]


def timeline(result: RunResult, ident: str) -> Html | None:
    at = result.timeline
    if at is None or len(at.in_flight) < 2:
        return None
    panels = tuple(_panels(at))
    across = Scale(low=0.0, high=at.bin_s * len(at.in_flight))
    told = element("p", _AT_REST, class_="readout")
    button = element("button", "Whole run", type="button", hidden=True)
    drawn = (_drawing(panel, f"{ident}-timeline{index}") for index, panel in enumerate(panels))
    figure = element(
        "figure",
        element("figcaption", told, button),
        element("div", *drawn, _time_axis(across, ident), class_="panels", tabindex=0, role="group", aria_label=_LABEL),
        class_="timeline",
        data_run=json.dumps(_data(at, panels), ensure_ascii=False),
        data_end=str(across.high),
    )
    return section("Over the run", figure, lead=_lead(at))


_LABEL: Final = "Plots over the run; arrow keys move the cursor, plus and minus zoom, Escape shows the whole run"
_AT_REST: Final = "Point at a plot for its figures; drag to zoom."


def _lead(at: Timeline) -> str:
    return (
        f"Each value is of {quantity(at.bin_s, 's')} of the measured phase. An answer counts when it ends, the time to "
        "first token when its request is sent."
        + (" What servers tell is of readings a second apart, of all replicas together." if at.servers else "")
    )


def _panels(at: Timeline) -> Iterator[_Panel]:
    wanted = [_Line(name="offered", values=at.offered_per_s, kind="second")] if at.offered_per_s else []
    sent = [] if at.offered_per_s else [_Line(name="sent", values=at.sent_per_s, kind="second")]
    answered = _Line(name="answered", values=at.answered_per_s, kind="first")
    yield _Panel(title="Requests per second", unit="/s", lines=(*wanted, *sent, answered))
    yield _Panel(
        title="Requests in flight", unit="plain", lines=(_Line(name="in flight", values=at.in_flight, kind="first"),)
    )
    if any(at.failed_per_s):
        failed = _Line(name="failed", values=at.failed_per_s, kind="failed")
        yield _Panel(title="Failures per second", unit="/s", lines=(failed,))
    if any(value is not None for value in at.ttft_p50_ms):
        median = _Line(name="median", values=at.ttft_p50_ms, kind="first")
        worst = _Line(name="longest", values=at.ttft_max_ms, kind="second")
        yield _Panel(title="Time to first token, ms", unit="ms", lines=(worst, median))
    yield from _of_servers(at.servers)


def _of_servers(told: Mapping[str, Values]) -> Iterator[_Panel]:
    """Those of which somebody told; a count that stayed 0 is left out."""
    for title, unit, named in _SERVED:
        lines = tuple(
            _Line(name=words, values=told[name], kind=kind)
            for name, words, kind in named
            if name in told and (name not in _ONLY_IF_ANY or any(told[name]))
        )
        if lines:
            yield _Panel(title=title, unit=unit, lines=lines)


_SERVED: Final[tuple[tuple[str, Unit, tuple[tuple[str, str, str], ...]], ...]] = (
    (
        "Requests at the LLM servers",
        "plain",
        (("llm_waiting", "waiting", "second"), ("llm_running", "running", "first")),
    ),
    ("KV cache in use, %", "ratio", (("kv_cache_usage_ratio", "KV cache in use", "first"),)),
    ("Output tokens of the LLM per second", "/s", (("llm_output_tokens_per_s", "LLM output tokens", "first"),)),
    ("Preemptions per second", "/s", (("preemptions_per_s", "preemptions", "failed"),)),
)
_ONLY_IF_ANY: Final = {"preemptions_per_s"}


def _drawing(panel: _Panel, ident: str) -> Html:
    known = [value for line in panel.lines for value in line.values if value is not None]
    up = fitting([*known, 0.0] if any(known) else [0.0, 1.0], from_zero=True)
    ticks = [at for at in labelled(up, panel.unit) if at[0] in (up.low, up.high) or up.share(at[0]) == 0.5]
    drawing = svg.chart(
        *(svg.level(_height(value, up), kind="grid") for value, _ in ticks),
        *(part for line in panel.lines for part in _line(line, up)),
        title=panel.title,
        description="; ".join(_spoken(line, panel.unit) for line in panel.lines),
        height=_TOP + _PLOT + 4,
        ident=ident,
    )
    words = (svg.label(words, 1, _height(value, up) + 4, kind="tick") for value, words in ticks)
    axis = element("svg", *words, class_="chart", aria_hidden="true", width=44, height=_TOP + _PLOT + 4)
    legend = (element("li", element("span", class_=f"stroke {line.kind}"), line.name) for line in panel.lines)
    named = element("div", element("span", panel.title), element("ul", *legend, class_="legend"), class_="named")
    return element("div", named, element("div", axis, drawing, class_="with-axis plot"))


def _line(line: _Line, up: Scale) -> Iterator[Html]:
    """One stroke for each stretch without a gap; a value that stands alone is as wide as its part of the time."""
    width = 1 / len(line.values)
    stretch: list[tuple[float, float]] = []
    for index, value in enumerate((*line.values, None)):
        if value is not None:
            stretch.append(((index + 0.5) * width, 1 - up.share(value)))
        elif stretch:
            ((x, y), *more) = stretch
            points = stretch if more else [(x - width / 2, y), (x + width / 2, y)]
            yield svg.line(points, _TOP, _PLOT, kind=f"run {line.kind}")
            stretch = []


def _height(value: float, up: Scale) -> float:
    return _TOP + (1 - up.share(value)) * _PLOT


def _time_axis(across: Scale, ident: str) -> Html:
    drawing = svg.chart(
        svg.horizontal_axis(across, 1, labelled(across, "s")),
        title="Seconds since the measured phase began",
        description=f"From 0 to {quantity(across.high, 's')}.",
        height=24,
        ident=f"{ident}-time-axis",
        kind="chart time-axis",
    )
    unit = element("svg", svg.label("s", 1, 17, kind="tick"), class_="chart", aria_hidden="true", width=44, height=24)
    return element("div", unit, drawing, class_="with-axis")


def _spoken(line: _Line, unit: Unit) -> str:
    known = [value for value in line.values if value is not None]
    if not known:
        return f"{line.name}: nothing"
    return f"{line.name}: {quantity(min(known), unit)} to {quantity(max(known), unit)}"


def _data(at: Timeline, panels: Sequence[_Panel]) -> dict[str, object]:
    series = [
        {"name": _full_name(panel, line), "unit": _SYMBOLS[panel.unit], "values": _in_unit(panel.unit, line.values)}
        for panel in panels
        for line in panel.lines
    ]
    return {"bin": at.bin_s, "series": series}


_SYMBOLS: Final[Mapping[Unit, str]] = {"/s": "/s", "plain": "", "ms": " ms", "ratio": " %"}


def _in_unit(unit: Unit, values: Values) -> Values:
    """As the readout shows them."""
    return [value if value is None else round(100 * value, 2) for value in values] if unit == "ratio" else values


def _full_name(panel: _Panel, line: _Line) -> str:
    return f"{line.name} TTFT" if panel.unit == "ms" else line.name
