"""The verdict on each figure of a side against the reference, by their blocks."""

from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.compare.regression import Regression, gates_of_reference
from ragmeter.report.html.comparison.hues import named
from ragmeter.report.html.layout import Row, badge, code, section, table
from ragmeter.report.words.comparison import change_text
from ragmeter.report.words.markup import Html, element


def against_reference(found: Comparison) -> Html | None:
    """None without a reference, and where no pair shares a block: such a pair cannot be judged."""
    if found.reference is None or not any(pair.blocks for pair in found.pairs):
        return None
    keys = tuple(dict.fromkeys(at.figure for pair in found.pairs for at in pair.metrics))
    index = {side.label: at for at, side in enumerate(found.sides)}
    gates = gates_of_reference(found, found.sides[0].workload, keys)
    rows = [_row(label, index[label], at) for label, gate in gates.items() for at in gate.values()]
    head = ("Outcome", "Side", "Figure", "Change")
    return section(
        f"Against {found.reference}",
        table("Verdict on each figure against the reference", head, rows, kind="verdicts against", hide_caption=True),
        lead="FAIL: shown to be worse than the reference by more than matters. PASS: the whole interval excludes that.",
    )


def _row(label: str, index: int, at: Regression) -> Row:
    return (
        badge(at.outcome),
        named(label, index),
        element("div", code(at.subject), element("p", at.remark), class_="slo"),
        element("span", f"{at.change}: {change_text(at.metric.ratio)}", class_=f"change {at.change}"),
    )
