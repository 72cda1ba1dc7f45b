"""The table of what was verified, in grafana/README.md. ``python -m tests.grafana.table`` writes it again."""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.grafana.boards import GRAFANA, PanelQuery, panel_queries
from tests.grafana.dimensions import metrics
from tests.grafana.observation import Observation, observation

README: Final = GRAFANA / "README.md"
BEGIN: Final = "<!-- written by `python -m tests.grafana.table`; a test compares -->\n"
END: Final = "<!-- end of what was written -->\n"


def table(observed: Observation) -> str:
    """A line per query: ``verified`` is the number of series for one provider and for three."""
    queries = panel_queries()
    lines = list(_lines(observed, queries))
    panels = len({(query.board, query.panel_id) for query in queries})
    boards = len({query.board for query in queries})
    head = "| dashboard | panel | query | metric | verified: series of 1, of 3 providers |\n|---|---|---|---|---|\n"
    return f"{boards} dashboards, {panels} panels, {len(queries)} queries.\n\n{head}{''.join(lines)}"


def _lines(observed: Observation, queries: list[PanelQuery]) -> Iterator[str]:
    for query in queries:
        expr = query.substituted(".*")
        one, three = (len(server.query(expr, observed.at_s)) for server in (observed.cluster, observed.central))
        verified = f"{one}, {three}" if one and three else "NO DATA"
        shown = query.expr.replace("|", "\\|")
        names = ", ".join(f"`{name}`" for name in metrics(expr))
        yield f"| {query.board} | {query.panel} | `{shown}` | {names} | {verified} |\n"


def written() -> str:
    """What stands in the README. IndexError without the marks."""
    return README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]


def write(text: str) -> None:
    page = README.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    README.write_text(before + BEGIN + text + END + after, encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, observation(Path(folder)) as observed:
        write(table(observed))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
