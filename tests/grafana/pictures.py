"""Every panel drawn from the real answers to its queries: ``python -m tests.grafana.pictures FOLDER``.

One picture for each dashboard, in its rows and columns, of the central Prometheus with all providers. It is no Grafana:
it shows what the data look like, not how Grafana draws them. Needs matplotlib.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib import pyplot

from tests.grafana.boards import PanelQuery, documents, panel_queries
from tests.grafana.observation import Observation, observation
from tests.grafana.prometheus import Series

COLUMN_INCHES, ROW_INCHES, DPI = 0.533, 0.3, 100
"""1280 pixels wide, at which the smallest letters are 9 pixels high."""
HEAD_ROWS: Final = 2
SHOWN_S: Final = 40
LEGEND: Final = 6
KINDS_WITHOUT_TIME: Final = ("stat", "bargauge", "table")
OWN_LABELS: Final = {"__name__", "job", "instance", "exported_job"}


def draw(document: Mapping[str, Any], observed: Observation, queries: Mapping[int, list[PanelQuery]]) -> Any:
    """A figure with the panels where the dashboard has them."""
    panels = [panel for panel in document["panels"] if panel["type"] != "row"]
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in document["panels"])
    height = bottom + HEAD_ROWS
    figure = pyplot.figure(figsize=(24 * COLUMN_INCHES, height * ROW_INCHES), layout=None)
    figure.text(0.5, 1 - 1 / height, document["title"], ha="center", va="center", fontsize=13)
    for panel in panels:
        place = panel["gridPos"]
        left, low = place["x"] / 24, 1 - (HEAD_ROWS + place["y"] + place["h"]) / height
        box = (left + 0.035, low + 1.1 / height, place["w"] / 24 - 0.045, (place["h"] - 2.4) / height)
        axes = figure.add_axes(box)
        axes.set_title(f"{panel['title']} [{panel['fieldConfig']['defaults']['unit']}]", fontsize=9, loc="left")
        axes.tick_params(labelsize=7)
        axes.margins(y=0.08)
        _fill(axes, panel, observed, queries[panel["id"]])
    return figure


def _fill(axes: Any, panel: Mapping[str, Any], observed: Observation, queries: list[PanelQuery]) -> None:
    if panel["type"] in KINDS_WITHOUT_TIME:
        found = [at for query in queries for at in observed.central.query(query.substituted(".*"), observed.at_s)]
        _bars(axes, found)
        return
    end_s = observed.at_s
    for query in queries:
        for labels, points in observed.central.query_range(query.substituted(".*"), end_s - SHOWN_S, end_s):
            moments, values = zip(*points, strict=True)
            axes.plot([moment - end_s for moment in moments], values, label=_name(labels))
    handles, names = axes.get_legend_handles_labels()
    shown = [*names[:LEGEND], f"and {len(names) - LEGEND} more"] if len(names) > LEGEND else names
    axes.legend(handles[: LEGEND + 1], shown, fontsize=6.5, loc="center left", framealpha=0.6)
    low, high = axes.dataLim.intervaly
    axes.set_ylim(min(0, low), high * 1.1 or 1)


def _bars(axes: Any, found: list[Series]) -> None:
    """The words stand in the bars: names of series are longer than the space beside an axis."""
    values = [value for _, value in found]
    axes.barh(range(len(values)), values, color="lightsteelblue", height=0.85)
    axes.set_yticks([])
    for place, (labels, value) in enumerate(found):
        words = f" {value:.4g}  {_name(labels)}"
        axes.text(0.01, place, words, fontsize=7, va="center", transform=axes.get_yaxis_transform())


def _name(labels: Mapping[str, str]) -> str:
    return " ".join(value for name, value in labels.items() if name not in OWN_LABELS and len(value) < 30)


def main() -> None:
    mpl.use("Agg")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, observation(Path(scratch)) as observed:
        for document in documents():
            queries: dict[int, list[PanelQuery]] = {}
            for query in panel_queries():
                if query.board == document["title"]:
                    queries.setdefault(query.panel_id, []).append(query)
            draw(document, observed, queries).savefig(folder / f"{document['uid']}.png", dpi=DPI)


if __name__ == "__main__":
    main()
