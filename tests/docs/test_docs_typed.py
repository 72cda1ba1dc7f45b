"""Commands of pages, typed as a reader types them: from the installed wheel, where the page says. What that needs."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.docs.pages import DOCS
from tests.docs.reader.classes import otherwise
from tests.docs.reader.given import GIVEN
from tests.docs.reader.steps import CommandStep, place_of, steps_of
from tests.docs.reader.substitutes import SUBSTITUTES
from tests.docs.reader.typed import CHECKOUT, OTHERS, PAGES, REFERENCE, by_page, commands

ALL = [step for path in PAGES for step in steps_of(path)]


@by_page(PAGES)
def test_a_page_says_where_its_commands_are_typed(path: Path) -> None:
    assert place_of(path), f"{path.name}: say at its top that its commands run in a checkout, or work in any folder"


def test_every_page_is_typed_once_and_the_tutorial_where_its_summary_is_compared() -> None:
    assert sorted([*CHECKOUT, *REFERENCE, *OTHERS]) == sorted(PAGES)
    assert DOCS / "tutorial.md" in CHECKOUT


def test_every_substitute_stands_for_something_on_a_page() -> None:
    text = "\n".join(step.command if isinstance(step, CommandStep) else step.text for step in ALL)
    unused = [each.pattern for each in SUBSTITUTES if not re.search(each.pattern, text, re.MULTILINE)]
    assert not unused


def test_every_file_that_is_given_is_read_by_a_page() -> None:
    typed = "\n".join(step.command for step in ALL if isinstance(step, CommandStep))
    assert all(name in typed for name in GIVEN)


def test_a_program_that_no_test_knows_is_refused_with_a_sentence() -> None:
    with pytest.raises(LookupError, match=r"flux: no test knows this program; put it into RUN or OTHERWISE"):
        otherwise(CommandStep("a page", "flux install x | cat"))


def test_so_many_commands_are_run_and_so_many_are_checked_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    whys = Counter[str]()
    run = 0
    for step in (step for path in PAGES for step in commands(path)):
        others, _ = otherwise(step)
        run += not others
        whys.update({how.why for _, how in others})
    with capsys.disabled():
        print(f"\n{run} commands of {len(PAGES)} pages are run as they stand; checked otherwise:")
        print("\n".join(f"  {count:3} {why}" for why, count in whys.most_common()))
    assert run >= 60
