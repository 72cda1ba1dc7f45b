"""What the provider's edge adds: the same service at the same time, from inside and from outside."""

from typing import Final

from ragmeter.core.compare.edge import Edge, EdgeMetric
from ragmeter.report.html.layout import Row, callout, section, stacked, table
from ragmeter.report.words.edge import edge_cells, edge_interval, edge_label
from ragmeter.report.words.format import TOO_SMALL, count
from ragmeter.report.words.markup import Html

_HEAD: Final = ("Figure", "The edge adds", "Inside", "Outside")


def edge(at: Edge | None) -> Html | None:
    if at is None:
        return None
    trials = f"{count(at.trials)} trial{'s' if at.trials > 1 else ''}"
    return section(
        "What the edge adds",
        callout("Caveats", at.caveats, kind="warning"),
        table("Figures from inside and from outside", _HEAD, map(_row, at.metrics), numbers_from=1, hide_caption=True),
        lead=f"{at.sentence[:1].upper()}{at.sentence[1:]}. Of one load {count(at.inside_requests)} requests were sent "
        f"from inside of the cluster and {count(at.outside_requests)} from outside, drawn at random; means over "
        f"{trials}. Latencies elsewhere on this page are those from outside.",
    )


def _row(at: EdgeMetric) -> Row:
    inside, outside, difference = edge_cells(at)
    small = edge_interval(at) if at.difference.enough else f"{edge_interval(at)}; {TOO_SMALL}"
    return edge_label(at), stacked(difference, small), inside, outside
