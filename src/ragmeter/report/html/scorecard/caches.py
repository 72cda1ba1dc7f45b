"""The caches of the measured service: what was declared, repeated and measured."""

from ragmeter.core.result.result import RunResult
from ragmeter.report.html.layout import pairs, section, table
from ragmeter.report.words.format import UNKNOWN, quantity
from ragmeter.report.words.markup import Html
from ragmeter.report.words.service.caches import cache_rows


def caches(result: RunResult) -> Html | None:
    at = result.caches
    if at is None:
        return None
    rows = (
        (f"{each.trial + 1}", quantity(each.hit_ratio, "ratio"), each.source or UNKNOWN, each.unknown or "")
        for each in at.trials
    )
    head = ("Trial", "Hit ratio", "By", "Why it is not known")
    return section(
        "Caches of the service",
        pairs(cache_rows(at)),
        table("Hit ratio of the prompt cache in each trial", head, rows) if len(at.trials) > 1 else None,
    )
