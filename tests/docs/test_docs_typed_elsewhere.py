"""Every command of every other page, in any folder."""

from pathlib import Path

from tests.docs.reader.session import Reader
from tests.docs.reader.typed import OTHERS, by_page, does_what_it_says


@by_page(OTHERS)
def test_every_command_of_a_page_does_what_it_says(path: Path, reader: Reader) -> None:
    does_what_it_says(path, reader)
