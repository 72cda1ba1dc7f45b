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

COLUMN_INCHES, ROW_INCHES = 0.85, 0.42
SHOWN_S: Final = 40
LEGEND: Final = 9
KINDS_WITHOUT_TIME: Final = ("stat", "bargauge", "table")
OWN_LABELS: Final = {"__name__", "job", "instance", "exported_job"}


def draw(document: Mapping[str, Any], observed: Observation, queries: Mapping[int, list[PanelQuery]]) -> Any:
    """A figure with the panels where the dashboard has them."""
    panels = [panel for panel in document["panels"] if panel["type"] != "row"]
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in document["panels"])
    figure = pyplot.figure(figsize=(24 * COLUMN_INCHES, bottom * ROW_INCHES), layout=None)
    figure.suptitle(document["title"])
    for panel in panels:
        place = panel["gridPos"]
        left, low = place["x"] / 24, 1 - (place["y"] + place["h"]) / bottom
        box = (left + 0.035, low + 0.3 / bottom + 0.012, place["w"] / 24 - 0.045, place["h"] / bottom * 0.66)
        axes = figure.add_axes(box)
        axes.set_title(f"{panel['title']} [{panel['fieldConfig']['defaults']['unit']}]", fontsize=8)
        axes.tick_params(labelsize=6)
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
    axes.legend(handles[:LEGEND], names[:LEGEND], fontsize=5, loc="upper left")
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))


def _bars(axes: Any, found: list[Series]) -> None:
    names, values = [_name(labels) for labels, _ in found], [value for _, value in found]
    axes.barh(range(len(values)), values)
    axes.set_yticks(range(len(values)), names, fontsize=5)
    for place, value in enumerate(values):
        axes.text(value, place, f" {value:.4g}", fontsize=5, va="center")


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
            draw(document, observed, queries).savefig(folder / f"{document['uid']}.png", dpi=60)


if __name__ == "__main__":
    main()
