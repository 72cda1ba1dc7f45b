"""What was asked beside the questions."""

from ragmeter.core.result.result import RunResult
from ragmeter.report.html.layout import pairs, section
from ragmeter.report.words.asked import asked_rows
from ragmeter.report.words.markup import Html


def asked(result: RunResult) -> Html | None:
    rows = asked_rows(result)
    return section("What each request stated", pairs(rows)) if rows else None
