"""What was made by ``ragmeter questions``, as lines of text."""

from collections.abc import Iterator

from ragmeter.core.inputs.questions.spread import Spread


def spread_lines(at: Spread) -> Iterator[str]:
    yield f"  documents              {_share(at.documents)} asked about"
    yield f"  passages               {_share(at.passages)} asked about"
    yield f"  questions per passage  min {at.fewest}, median {at.median}, max {at.most}"
    yield f"  made from              {', '.join(f'{kind} {count}' for kind, count in at.kinds)}"


def _share(part: tuple[int, int]) -> str:
    asked, there = part
    return f"{asked} of {there}"
