"""The documentation uses the field's terms. Examples of output are the program's words, and are left out."""

import ast
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, TEXTS, prose
from tests.docs.words import old_words

SOURCES = ROOT / "src" / "ragmeter"
WRITTEN_BY_PROGRAMS = {
    DOCS / "explanation-statistics.md",
    DOCS / "reference" / "client-timing.md",
    DOCS / "reference" / "process-growth.md",
    DOCS / "reference" / "schedule-lateness.md",
}
"""Pages that change at their source."""

PAGES = [path for path in TEXTS if path not in WRITTEN_BY_PROGRAMS]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_uses_the_terms_of_the_field(path: Path) -> None:
    found = list(old_words(prose(path)))
    assert not found, "\n".join(found)


PACKAGES = (SOURCES, ROOT / "backend", ROOT / "netprobe", ROOT / "bench")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_programs_speak_in_the_terms_of_the_field(package: Path) -> None:
    """Every text in the code: what is printed, and the docstrings of those who read it."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {words}"
        for path in sorted(package.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for words in old_words(node.value)
    ]
    assert not found, "\n".join(found)


CASES = {
    "the rate asked was 8 requests/s": "offered rate",
    "two are not told\napart": "distinguish, distinguishable",
    "a token is dearer": "expensive",
    "segments sent again": "retransmits",
    "Whoever starts a run": "anyone who",
}


@pytest.mark.parametrize("text", CASES)
def test_an_old_word_is_found_with_its_term(text: str) -> None:
    (found,) = old_words(text)
    assert found.endswith(CASES[text])


@pytest.mark.parametrize("text", ["a document that is sent again", "an offered rate", "dealing with it", "clear"])
def test_a_sentence_of_today_is_left_alone(text: str) -> None:
    assert not list(old_words(text))


def test_every_term_that_is_recommended_and_has_a_meaning_of_its_own_is_in_the_glossary() -> None:
    glossary = (DOCS / "glossary.md").read_text(encoding="utf-8").lower()
    terms = ["offered rate", "peak concurrency", "mean concurrent streams", "tokens per response", "caveat"]
    terms += ["configuration difference", "suspect measurement", "saturated", "client measurement error", "retransmits"]
    terms += ["ttft breakdown", "too few trials to conclude", "insufficient samples", "rank range", "capture ring"]
    assert not [term for term in terms if term not in glossary]
