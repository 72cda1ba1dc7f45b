"""Write the columns of `ragmeter query` into docs/reference/cli.md: run after a change of one. A test compares them."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from ragmeter.cli.folder.database import VIEWS
from tools.tables import with_table

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"


def page(text: str) -> str:
    """The page with its table written anew."""
    return with_table(text, "columns of query", _table())


def _table() -> Iterator[str]:
    yield "| table | column | type | meaning |"
    yield "|---|---|---|---|"
    for view, columns in VIEWS.items():
        for column in columns:
            meaning = column.meaning.replace("|", "\\|")
            yield f"| `{view}` | `{column.name}` | {column.kind} | {meaning} |"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
