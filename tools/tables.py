"""Tables of the documentation that a program writes, between two comments of the page."""

from collections.abc import Iterable


def with_table(page: str, name: str, lines: Iterable[str]) -> str:
    """The page with the table of that name replaced. ValueError when the page has no place for it."""
    begin, end = (f"<!-- {word} of the table: {name} -->" for word in ("begin", "end"))
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"no place for the table {name!r}")
    return f"{before}{begin}\n\n" + "\n".join(lines) + f"\n\n{end}{after}"
