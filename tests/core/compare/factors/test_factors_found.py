"""From runs to the document: known effects, what is left out, and what is said of it."""

import pytest

from ragmeter.core.compare.comparison import Decision
from ragmeter.core.compare.factors.build import factors_found
from tests.report.factors import fraction, half_of_three, of_cell


def test_the_effect_that_is_there_is_found_and_its_alias_named() -> None:
    found = fraction()
    effects = {(at.effect, str(at.figure)): at for at in found.effects}
    k = effects[("k",), "p50(ttft_ms)"]
    assert k.ratio is not None
    assert k.ratio.low is not None
    assert k.ratio.high is not None
    assert k.ratio.low <= 1.5 <= k.ratio.high
    assert k.decision is Decision.A_BETTER
    assert k.sentence.startswith("k=5 slower by ")
    assert k.aliases == ("mode x max_output_tokens",)
    assert found.resolution == 3
    assert found.family == 9
    others = [at for (effect, _), at in effects.items() if effect != ("k",) and at.metric == "ttft_ms"]
    assert {at.decision for at in others} <= {Decision.NO_DIFFERENCE, Decision.NOT_DECIDABLE}
    assert set(found.unknown) == {"recall_at_k", "mean(groundedness)"}
    assert found.frontier.quality is None


def test_a_cell_beyond_its_error_budget_takes_the_effects_with_it_that_need_it() -> None:
    """Three of four cells show three effects no more."""
    found = fraction(broken=2)
    assert [cell.marked is not None for cell in found.cells] == [False, True, False, False]
    assert "5 of 200 requests failed" in (found.cells[1].marked or "")
    assert {at.sentence for at in found.effects} == {"not decidable: the cells that are left do not show it"}
    assert not found.cells[1].frontier
    assert any("without cell 2 the plan is not balanced" in words for words in found.caveats)


def test_one_cell_alone_shows_no_effect() -> None:
    design = half_of_three()
    found = factors_found(design, {1: of_cell(design.cells[0])}, ragmeter_version="0")
    assert {at.decision for at in found.effects} == {Decision.NOT_DECIDABLE}
    assert [cell.marked for cell in found.cells[1:]] == ["it was not measured"] * 3


@pytest.mark.parametrize("broken", [None, 1])
def test_the_frontier_is_of_cells_that_none_betters(broken: int | None) -> None:
    found = fraction(broken=broken)
    places = {
        cell.number: (cell.estimates["p50(ttft_ms)"].value or 0, cell.estimates["usd_per_good_request"].value or 0)
        for cell in found.cells
        if cell.marked is None
    }
    for cell in found.cells:
        if cell.number in places:
            own = places[cell.number]
            bettered = any(o != own and o[0] <= own[0] and o[1] <= own[1] for o in places.values())
            assert cell.frontier is not bettered
