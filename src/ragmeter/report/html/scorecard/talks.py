"""Conversations: how the sessions ended, and the figures of each turn."""

from ragmeter.core.figures.talks import TalkFigures, TurnFigures
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html.layout import section, stacked, table
from ragmeter.report.words.format import TOO_SMALL, count, interval, quantity
from ragmeter.report.words.markup import Html, join
from ragmeter.report.words.talks import talk_sentence

_HEAD = ("Turn", "Requests", "Failed", "Left", "TTFT p50", "TTFT p95", "Latency p50", "Prompt tokens", "Cached tokens")


def talks(result: RunResult) -> Html | None:
    at: TalkFigures | None = result.talks
    if at is None:
        return None
    rows = [_row(turn) for turn in at.turns]
    return section(
        "Conversations",
        table("Figures of each turn", _HEAD, rows, hide_caption=True, numbers_from=1),
        lead=f"{talk_sentence(at)}. Latencies are of the successes, and tokens are their mean.",
    )


def _row(at: TurnFigures) -> tuple[Html, ...]:
    cached = stacked(quantity(at.cached_tokens, "plain"), quantity(at.cached_ratio, "ratio"))
    return (
        join(f"{at.turn}"),
        join(count(at.requests)),
        join(count(at.errors)),
        join(count(at.left)),
        *(_estimate(each) for each in (at.ttft_p50_ms, at.ttft_p95_ms, at.latency_p50_ms)),
        join(quantity(at.prompt_tokens, "plain")),
        cached if at.cached_ratio is not None else join(quantity(at.cached_tokens, "plain")),
    )


def _estimate(at: Estimate) -> Html:
    small = None if at.value is None else interval(at, "ms") if at.enough else TOO_SMALL
    return stacked(quantity(at.value, "ms"), small)
