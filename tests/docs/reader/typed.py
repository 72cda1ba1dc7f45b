"""The pages that have commands, and what comes of a page that is typed."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, TEXTS
from tests.docs.reader.classes import otherwise
from tests.docs.reader.session import Reader, Typed
from tests.docs.reader.shape import missing
from tests.docs.reader.steps import CommandStep, place_of, steps_of

PAGES = [path for path in TEXTS if any(isinstance(step, CommandStep) for step in steps_of(path))]
CHECKOUT = [path for path in PAGES if place_of(path) == "a checkout"]
REFERENCE = [path for path in PAGES if "reference" in path.parts and path not in CHECKOUT]
OTHERS = [path for path in PAGES if path not in [*CHECKOUT, *REFERENCE]]
"""Each kind has a file of tests of its own, so that test processes type them beside each other."""


def by_page(paths: list[Path]) -> pytest.MarkDecorator:
    """One test for each page."""
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


def commands(path: Path) -> list[CommandStep]:
    return [step for step in steps_of(path) if isinstance(step, CommandStep)]


def does_what_it_says(path: Path, reader: Reader) -> Typed:
    """Type a page from its top to its end; assert that each command ends well and says what the page shows."""
    steps = steps_of(path)
    for words, how in (each for step in commands(path) for each in otherwise(step)[0]):
        if how.check is not None:
            how.check(words)
    typed = reader.types(steps, reader.folder(place_of(path) or "any folder"))
    assert typed.status == 0, f"{steps[len(typed.outputs) - 1]}\n{typed.log}"
    for step, output in zip(steps, typed.outputs, strict=True):
        if isinstance(step, CommandStep):
            assert not missing(list(step.output), output), f"{step}\n{output}"
    return typed
