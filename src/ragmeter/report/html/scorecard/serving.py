"""The servers while the run was measured: each in each trial, and what it cost to look."""

from ragmeter.core.result.result import RunResult
from ragmeter.core.run.saturation import Saturation
from ragmeter.report.html.layout import section, table
from ragmeter.report.words.markup import Html, element
from ragmeter.report.words.service.serving import (
    LOAD_HEAD,
    cost_sentence,
    loaded_row,
    serving_rows,
    serving_sentences,
)


def _by_load(at: Saturation | None) -> Html | None:
    if at is None:
        return None
    return table("Servers by load", LOAD_HEAD, [loaded_row(each, at.unit) for each in at.steps])


def serving(result: RunResult) -> Html | None:
    at = result.serving
    if at is None:
        return None
    sentences = [element("p", f"{words[:1].upper()}{words[1:]}.") for words in serving_sentences(result)]
    head, rows = serving_rows(at.trials)
    return section(
        "Servers",
        *sentences,
        table("Servers in each trial", head, rows, hide_caption=True) if rows else None,
        _by_load(result.saturation),
        element("p", f"Observing: {cost_sentence(at.cost)}."),
        lead=(
            "Read from the servers' own metrics pages, once a second and exactly before and after the load. Running, "
            "waiting and KV in use are means and maxima of those readings; a peak between two of them is not seen."
        ),
    )
