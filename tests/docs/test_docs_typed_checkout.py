"""Every command of every page that is typed in a checkout."""

from pathlib import Path

from tests.docs.pages import DOCS, blocks
from tests.docs.reader.session import Reader
from tests.docs.reader.shape import missing
from tests.docs.reader.typed import CHECKOUT, by_page, does_what_it_says

SUMMARIES = [block for block in blocks("text") if block.text.startswith("PASS  smoke @ local")]
"""What pages show of a run on this machine."""


@by_page(CHECKOUT)
def test_every_command_of_a_page_does_what_it_says(path: Path, reader: Reader) -> None:
    typed = does_what_it_says(path, reader)
    if path == DOCS / "tutorial.md":
        for block in SUMMARIES:
            assert not missing(block.text.splitlines(), typed.log), f"{block.id}\n{typed.log}"
