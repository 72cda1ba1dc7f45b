"""Write the table of tools of docs/reference/cli.md from the importers: run after a change of one. A test compares
them.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ragmeter.core.compare.importers.known import IMPORTERS, importer_of, readings_of
from tools.tables import with_table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "cli.md"
FOREIGN = ROOT / "tests" / "core" / "compare" / "foreign"
OURS = (
    "ragmeter",
    "",
    "first byte sent to first non-empty answer text",
    "(last - first text event) / tokens after the first event, tokens by the server",
    "to the end of the stream",
    "tokens of successes / measured phase",
    "",
    "",
)


def page(text: str) -> str:
    """The page with its table written anew."""
    return with_table(text, "imported tools", _table())


def _table() -> Iterator[str]:
    head = ("tool, file", "versions, told by", "TTFT", "TPOT", "end-to-end latency", "throughput", "left out", "files")
    yield _line(head)
    yield f"|{'|'.join(['---'] * len(head))}|"
    yield _line(OURS)
    files = _files()
    for importer in IMPORTERS:
        for number, at in enumerate(importer.definitions):
            tool = f"`{importer.tool}`, {importer.file}" if number == 0 else f"`{importer.tool}`"
            versions = f"{at.versions}: {at.told_by}"
            count = str(files[importer.tool, number])
            yield _line((tool, versions, at.ttft, at.tpot, at.e2e, at.throughput, at.left_out, count))


def _files() -> Counter[tuple[str, int]]:
    """How many files of real runs each definition is tested with."""
    found: Counter[tuple[str, int]] = Counter()
    for source in json.loads((FOREIGN / "sources.json").read_text(encoding="utf-8")):
        text = (FOREIGN / source["file"]).read_text(encoding="utf-8")
        lines = source["file"].endswith(".jsonl")
        document = [json.loads(line) for line in text.splitlines()] if lines else json.loads(text)
        importer = next(each for each in IMPORTERS if each is importer_of(document))
        found[importer.tool, readings_of(importer, document)[0].definition] += 1
    return found


def _line(cells: tuple[str, ...]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
