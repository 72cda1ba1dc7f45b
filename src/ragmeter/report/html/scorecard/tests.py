"""The tests of the session that measured: what each was called, what came of it, and what a failed one said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ragmeter.report.html.layout import code, section, table
from ragmeter.report.words.format import quantity
from ragmeter.report.words.markup import Html, element

_BADGES: Final = {
    "passed": "pass",
    "failed": "fail",
    "error": "fail",
    "skipped": "no_data",
    "xfailed": "no_data",
    "xpassed": "fail",
}
"""By what pytest calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTest:
    """name: its id. seconds: with its set-up and its end. words: all that it said of its failure, or why it was
    skipped; empty otherwise.
    """

    name: str
    outcome: str
    seconds: float
    words: str


def tests_of_session(tests: Sequence[SessionTest]) -> Html | None:
    """Those that failed first, in the order in which they ran."""
    if not tests:
        return None
    ordered = sorted(tests, key=lambda test: _BADGES[test.outcome] != "fail")
    rows = ((_badge(test), _said(test), quantity(test.seconds, "s")) for test in ordered)
    return section(
        "Tests of the session",
        table("Tests of the session", ("Outcome", "Test", "Took"), rows, hide_caption=True, kind="tests"),
        lead=_lead(tests),
        of_page=True,
    )


def _badge(test: SessionTest) -> Html:
    return element("span", test.outcome, class_=f"badge {_BADGES[test.outcome]}")


def _said(test: SessionTest) -> Html:
    lines = test.words.strip().splitlines()
    if not lines:
        return code(test.name)
    whole = element("pre", test.words, tabindex=0, role="region", aria_label=f"What {test.name} said")
    folded = element("details", element("summary", "all it said"), whole) if len(lines) > 1 else None
    return element("div", code(test.name), element("p", _gist(lines)), folded, class_="slo")


def _gist(lines: Sequence[str]) -> str:
    """The first line that pytest marks as the error, else the last."""
    marked = next((line for line in lines if line.startswith("E ")), lines[-1])
    return marked.removeprefix("E").strip()


def _lead(tests: Sequence[SessionTest]) -> str:
    counts = {outcome: sum(test.outcome == outcome for test in tests) for outcome in _BADGES}
    return f"{', '.join(f'{n} {outcome}' for outcome, n in counts.items() if n)}."
