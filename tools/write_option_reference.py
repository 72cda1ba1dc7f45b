"""Write the tables of docs/reference/options.md from the table of options: run after a change of it. A test compares
them.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from ragmeter._pytest.options.option import Group
from ragmeter._pytest.options.table import GROUPS
from tools.tables import with_table

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "options.md"


def page(text: str) -> str:
    """The page with its tables written anew. ValueError when a group has no place in it."""
    for group in GROUPS:
        text = with_table(text, group.name, _table(group))
    return text


def _table(group: Group) -> Iterator[str]:
    replaces = ["replaces"] if group.owner else []
    names = ["option", "ini name", "environment variable", *replaces, "meaning"]
    for cells in (names, ["---"] * len(names), *(option.row for option in group.options)):
        yield _line(cells)


def _line(cells: Sequence[str]) -> str:
    rule = all(cell == "---" for cell in cells)
    return f"|{'|'.join(cells)}|" if rule else f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
