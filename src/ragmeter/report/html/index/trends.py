"""The figures of one series of runs over time, with the levels they keep and the runs at which a new one begins."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from ragmeter.core.stats.changes import Level
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.html import svg
from ragmeter.report.html.layout import SIGNS, section
from ragmeter.report.html.scale import Scale, fitting, labelled
from ragmeter.report.tables.over_time import CHANGING, HistoryRow, change_text, levels_of
from ragmeter.report.words.format import figure, moment, unit_of
from ragmeter.report.words.markup import Html, element

_TOP: Final = 22
_PLOT: Final = 96
_LANE: Final = 16
"""Below the plot: a stroke for each run without the figure."""
LEAST_RUNS: Final = 2
"""With a figure: one is no trend."""
_MORE_IS_BETTER: Final = frozenset({"output_tokens_per_s"})


def has_trend(rows: Sequence[HistoryRow]) -> bool:
    return any(len(_known(rows, name)) >= LEAST_RUNS for name in CHANGING)


def trends(rows: Sequence[HistoryRow], ident: str, named: str) -> Html:
    """rows: of one series, in the order of time. named: its heading."""
    shown = [name for name in CHANGING if len(_known(rows, name)) >= LEAST_RUNS]
    charts = (_trend(rows, name, f"{ident}-{place}") for place, name in enumerate(shown))
    return section(named, element("div", *charts, class_="figures"), lead=_lead(rows))


def _lead(rows: Sequence[HistoryRow]) -> str:
    first, last = moment(rows[0].started_at), moment(rows[-1].started_at)
    without = sum(row.withheld is not None for row in rows)
    invalid = f"; {without} INVALID, without figures" if without else ""
    return f"{len(rows)} runs from {first} to {last}{invalid}."


def _known(rows: Sequence[HistoryRow], name: str) -> list[int]:
    return [at for at, row in enumerate(rows) if getattr(row, name) is not None]


def _trend(rows: Sequence[HistoryRow], name: str, ident: str) -> Html:
    drawn = _known(rows, name)
    counted, levels = levels_of(rows, name)
    up = fitting([getattr(rows[at], name) for at in drawn], from_zero=True)
    across = Scale(low=0.0, high=float(len(rows)))
    spans = [(counted[level.first], counted[level.first + level.count - 1], level) for level in levels]
    base = _TOP + _PLOT
    ticks = [at for at in labelled(up, unit_of(name)) if at[0] in (up.low, up.high) or up.share(at[0]) == 0.5]
    chart = svg.chart(
        *(svg.level(_height(value, up), kind="grid") for value, _ in ticks),
        *_absent(rows, drawn, across, base),
        *_level_lines(spans, across, up),
        *(_dot(rows[at], name, across.share(at + 0.5), up) for at in drawn),
        *_new_levels(spans, across, name),
        *_dates(rows, base + _LANE),
        title=f"{CHANGING[name]} of each run",
        description=_spoken(rows, name, drawn, spans),
        height=base + _LANE + 20,
        ident=ident,
    )
    words = (svg.label(words, 1, _height(value, up) + 4, kind="tick") for value, words in ticks)
    axis = element("svg", *words, class_="chart", aria_hidden="true", width=44, height=base + _LANE + 20)
    caption = element("figcaption", element("span", _capital(CHANGING[name])), element("span", _now(rows, name, drawn)))
    return element("figure", caption, element("div", axis, chart, class_="with-axis"))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _now(rows: Sequence[HistoryRow], name: str, drawn: Sequence[int]) -> str:
    return f"newest: {figure(name, getattr(rows[drawn[-1]], name))}"


def _absent(rows: Sequence[HistoryRow], drawn: Sequence[int], across: Scale, base: float) -> Iterator[Html]:
    for at in sorted(set(range(len(rows))) - set(drawn)):
        why = rows[at].withheld or "without this figure"
        words = f"{moment(rows[at].started_at)}, {outcome_words(rows[at])}: {why}"
        share = across.share(at + 0.5)
        yield svg.box(
            share - 0.003, share + 0.003, base + 4, _LANE - 6, svg.hint(words), kind=rows[at].outcome.lower() + " gap"
        )


def _dot(row: HistoryRow, name: str, share: float, up: Scale) -> Html:
    value = getattr(row, name)
    words = f"{moment(row.started_at)}: {figure(name, value)}, {outcome_words(row)}"
    outcome, y = Outcome(row.outcome), _height(value, up)
    if outcome is Outcome.PASS:
        return svg.dot(share, y, svg.hint(words), kind="run-dot pass", radius=3.5)
    kind = f"run-dot halo {row.outcome.lower()}"
    return element(
        "text", SIGNS[outcome], svg.hint(words), x=svg.percent_of(share), y=y + 5, class_=kind, text_anchor="middle"
    )


def outcome_words(row: HistoryRow) -> str:
    return row.outcome.replace("_", " ") + (", interrupted" if row.status == "interrupted" else "")


def _level_lines(spans: Sequence[tuple[int, int, Level]], across: Scale, up: Scale) -> Iterator[Html]:
    for first, last, level in spans:
        y = _height(level.value, up)
        yield svg.level(y, kind="kept", start=across.share(first), end=across.share(last + 1))


def _new_levels(spans: Sequence[tuple[int, int, Level]], across: Scale, name: str) -> Iterator[Html]:
    for (_, _, before), (first, _, after) in pairwise(spans):
        share, ratio = across.share(first), after.value / before.value
        worse = (ratio < 1) is (name in _MORE_IS_BETTER)
        yield svg.upright(share, _TOP - 6, _TOP + _PLOT, kind=f"new-level {'fail' if worse else 'pass'}")
        yield svg.label(change_text(ratio), share, 12, kind=f"value new-level {'fail' if worse else 'pass'}")


def _dates(rows: Sequence[HistoryRow], y: float) -> Iterator[Html]:
    yield svg.level(y, kind="axis")
    days = [moment(rows[at].started_at)[:10] for at in (0, -1)]
    yield element("text", days[0], x="0%", y=y + 16, class_="tick", text_anchor="start")
    if days[0] != days[1]:
        yield element("text", days[1], x="100%", y=y + 16, class_="tick", text_anchor="end")


def _height(value: float, up: Scale) -> float:
    return _TOP + (1 - up.share(value)) * _PLOT


def _spoken(
    rows: Sequence[HistoryRow], name: str, drawn: Sequence[int], spans: Sequence[tuple[int, int, Level]]
) -> str:
    values = [getattr(rows[at], name) for at in drawn]
    changes = [
        f"new level {change_text(after.value / before.value)} from {moment(rows[first].started_at)}"
        for (_, _, before), (first, _, after) in pairwise(spans)
    ]
    told = "; ".join(changes) or "no new level"
    return f"{len(values)} runs from {figure(name, min(values))} to {figure(name, max(values))}; {told}."
