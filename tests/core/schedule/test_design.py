"""Factorial plans: which cells they have, what they cannot distinguish, and what is no plan."""

from typing import Any

import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.schedule.design import Design, design_of

K, MODE, CANDIDATES, TOKENS = (
    {"retrieval.k": [2, 5]},
    {"retrieval.mode": ["dense", "hybrid"]},
    {"retrieval.candidates": [20, 50]},
    {"benchmark.max_output_tokens": [16, 64]},
)


def made(**factors: Any) -> Design:
    found = design_of({"factors": factors}, "w.yaml")
    assert found is not None
    return found


def test_a_manifest_without_the_section_has_no_plan() -> None:
    assert design_of({"name": "w"}, "w.yaml") is None


def test_a_full_plan_has_every_combination_once() -> None:
    plan = made(vary={"retrieval.k": [2, 5, 10], **MODE})
    assert len({cell.label for cell in plan.cells}) == len(plan.cells) == 6
    assert [cell.number for cell in plan.cells] == [1, 2, 3, 4, 5, 6]
    assert plan.cells[0].label == "k=2 mode=dense"
    assert (plan.resolution, plan.confusions) == (None, ())
    assert plan.sentence == "the full plan: 6 cells, every combination of the levels"


def test_one_factor_is_a_plan() -> None:
    assert [cell.label for cell in made(vary={"request.temperature": [0, 0.7]}).cells] == [
        "temperature=0",
        "temperature=0.7",
    ]


def test_a_half_of_three_factors_is_the_textbooks() -> None:
    """2^(3-1) with C = AB, Box, Hunter & Hunter: cells c, a, b, abc; each main effect is aliased with the pair of the
    others.
    """
    plan = made(vary={**K, **MODE, **TOKENS}, generators={"max_output_tokens": ["k", "mode"]})
    high = [{n for n, level in cell.levels.items() if level in (5, "hybrid", 64)} for cell in plan.cells]
    assert high == [{"max_output_tokens"}, {"mode"}, {"k"}, {"k", "mode", "max_output_tokens"}]
    assert plan.resolution == 3
    assert plan.sentence == "1/2 of the full plan, of resolution III: 4 of 8 cells"
    assert plan.aliases(["k"]) == (("mode", "max_output_tokens"),)
    assert "the effect of k cannot be distinguished from mode x max_output_tokens" in plan.confusions


def test_a_quarter_of_five_factors_has_the_whole_defining_relation() -> None:
    """2^(5-2) with D = AB, E = AC: I = ABD = ACE = BCDE."""
    five = {f"request.{name}": [0, 1] for name in "abcde"}
    plan = made(vary=five, generators={"d": ["a", "b"], "e": ["a", "c"]})
    assert {"".join(sorted(word)) for word in plan.words} == {"abd", "ace", "bcde"}
    assert len(plan.cells) == 8
    assert plan.sentence == "1/4 of the full plan, of resolution III: 8 of 32 cells"
    assert plan.aliases(["a"]) == (("b", "d"), ("c", "e"))
    assert plan.aliases(["b", "c"]) == (("d", "e"),)


def test_in_a_fraction_every_factor_is_balanced_and_at_right_angles_to_the_others() -> None:
    plan = made(
        vary={**K, **MODE, **CANDIDATES, **TOKENS}, generators={"max_output_tokens": ["k", "mode", "candidates"]}
    )
    signs = {
        factor.name: [1 if cell.levels[factor.name] == factor.levels[1] else -1 for cell in plan.cells]
        for factor in plan.factors
    }
    assert plan.resolution == 4
    for name, own in signs.items():
        assert sum(own) == 0
        assert all(
            sum(one * two for one, two in zip(own, other, strict=True)) == 0
            for another, other in signs.items()
            if another != name
        )
    assert plan.aliases(["k"]) == (), "only an effect of three at once, which is not told"


DEPLOYED = [
    {"provider": "a", "levels": {"chunk_chars": 500}},
    {"provider": "b", "levels": {"chunk_chars": 1000}},
]


def test_a_deployed_factor_says_whose_deployment_has_each_cell() -> None:
    plan = made(vary=K, deployed=DEPLOYED)
    assert [(cell.label, cell.provider) for cell in plan.cells] == [
        ("k=2 chunk_chars=500", "a"),
        ("k=2 chunk_chars=1000", "b"),
        ("k=5 chunk_chars=500", "a"),
        ("k=5 chunk_chars=1000", "b"),
    ]


THREE: dict[str, Any] = {"vary": {**K, **MODE, **TOKENS}}


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ({}, ["$.factors: varies nothing", "vary", "deployed"]),
        ({"vary": {"benchmark.seed": [1, 2]}}, ["$.factors.vary: 'benchmark.seed'", "retrieval.KEY", "cache.kv"]),
        ({"vary": {"retrieval": [1, 2]}}, ["'retrieval' cannot be varied"]),
        ({"vary": {"retrieval.k": [2, 2]}}, ["$.factors.vary.retrieval.k: [2, 2]", "each of them once"]),
        ({"vary": K, "interactions": [["k", "kk"]]}, ["$.factors.interactions: 'kk' is not a factor; known: k"]),
        ({"vary": K, "interactions": [["k", "k"]]}, ["$.factors.interactions: ['k', 'k']", "two different factors"]),
        (
            {"vary": K, "deployed": [{"provider": "a", "levels": {"k": 1}}, {"provider": "b", "levels": {"k": 2}}]},
            ["'k'"],
        ),
        ({"vary": K, "deployed": [*DEPLOYED, DEPLOYED[0]]}, ["$.factors.deployed[2].levels: another provider"]),
        ({"vary": K, "deployed": [DEPLOYED[0], {"provider": "b", "levels": {"index": "ivf"}}]}, ["deployed[1].levels"]),
        (
            {
                "deployed": [
                    {"provider": "a", "levels": {"chunk_chars": 500, "dtype": "fp8"}},
                    {"provider": "b", "levels": {"chunk_chars": 1000, "dtype": "fp16"}},
                ]
            },
            ["no provider has chunk_chars: 500, dtype: fp16"],
        ),
        ({**THREE, "generators": {"max_output_tokens": ["k"]}}, ["needs two factors or more"]),
        (
            {**THREE, "generators": {"k": ["mode", "max_output_tokens"], "mode": ["k", "max_output_tokens"]}},
            ["generated, too"],
        ),
        (
            {"vary": {f"request.{n}": [0, 1] for n in "abcd"}, "generators": {"c": ["a", "b"], "d": ["a", "b"]}},
            ["the same generator"],
        ),
        (
            {"vary": {**THREE["vary"], "retrieval.k": [1, 2, 3]}, "generators": {"max_output_tokens": ["k", "mode"]}},
            ["k has 3 levels"],
        ),
        (
            {**THREE, "generators": {"max_output_tokens": ["k", "mode"]}, "interactions": [["k", "mode"]]},
            ["$.factors.interactions", "cannot distinguish k x mode from max_output_tokens"],
        ),
        ({"vary": {f"request.{n}": [0, 1] for n in "abcdefg"}}, ["128 cells are more than 64"]),
    ],
)
def test_what_is_no_plan_is_one_sentence(factors: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        design_of({"factors": factors}, "w.yaml")
    said = str(refused.value)
    assert said.startswith("w.yaml: $.factors")
    assert "\n" not in said
    assert all(word in said for word in words), said


@pytest.mark.parametrize("load", [{"shape": "sweep"}, {"shape": "closed", "search": {}}])
def test_cells_have_one_load(load: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="each cell has the same load"):
        design_of({"factors": {"vary": K}, "load": load}, "w.yaml")
