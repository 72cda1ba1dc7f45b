"""What a comparison says on top: no more than is decided, and of nobody what cannot be said of him."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ragmeter.core.compare.claims import claims_of, further_of
from ragmeter.core.compare.compare import compare
from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.requests.records import ErrorClass
from ragmeter.core.run.plan import DeclaredSlo
from ragmeter.core.run.saved import SavedRun
from tests.saved import saved_run

SIX = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0]
MET, MISSED = "p50(ttft_ms) <= 1000", "p50(ttft_ms) <= 10"


def run(
    name: str, factor: float = 1.0, *, slo: str | None = MET, seed: int = 1, trials: int = 6, **fields: Any
) -> SavedRun:
    slos = () if slo is None else (DeclaredSlo(expression=slo, origin="there.yaml"),)
    factors = [factor * each for each in SIX[:trials]]
    return saved_run(name, factors, seed=seed, slos=slos, interleaving="one", **fields)


def failing(of: SavedRun, share: int = 4) -> SavedRun:
    """Every ``share``-th request fails, which spends the budget."""
    samples = tuple(
        replace(at, error=ErrorClass.HTTP_STATUS, http_status=500) if at.index % share == 0 else at for at in of.samples
    )
    return replace(of, samples=samples)


def unfit(of: SavedRun) -> SavedRun:
    return replace(of, ending=replace(of.ending, not_fit=("the client stood still",)))


def said(runs: Sequence[SavedRun]) -> dict[str, list[str]]:
    found = compare(runs, ragmeter_version="0")
    by_kind: dict[str, list[str]] = {}
    for claim in found.claims:
        by_kind.setdefault(claim.kind, []).append(claim.sentence)
    return by_kind


def test_the_cheapest_that_meets_comes_first_and_the_others_are_measured_by_it() -> None:
    found = said([run("a"), run("b", 0.6, seed=2), run("c", slo=MISSED, seed=3)])
    (answer,) = found["answer"]
    assert re.fullmatch(
        r"b is the cheapest that meets your SLOs at 10 concurrent requests \(.* requests/s\): "
        r"[\d.]+ USD \[[\d.]+, [\d.]+\] per 1,000 good answers",
        answer,
    )
    assert re.fullmatch(
        r"b is \d+ % \[\d+, \d+\] faster to the first token \(p50\) and costs \d+ % \[\d+, \d+\] less than a",
        "; ".join(found["relation"]),
    )
    assert found["misses"][0].startswith("c misses p50(ttft_ms) <= 10 (it is ")
    assert found["basis"] == ["compared at equal load: 10 concurrent requests"]
    assert "open" not in found


def test_what_is_said_of_a_pair_has_the_percentage_of_its_ratio() -> None:
    found = compare([run("a"), run("b", 2.0, seed=2)], ragmeter_version="0")
    (relation,) = [claim.sentence for claim in found.claims if claim.kind == "relation"]
    by_metric = {(at.metric, at.statistic): at for at in found.pairs[0].metrics}
    for key in (("ttft_ms", "p50"), ("usd_per_good_request", None)):
        ratio = by_metric[key].ratio.value
        assert ratio is not None
        assert f"{round((ratio - 1) * 100)} % [" in relation
        assert f" by {round((ratio - 1) * 100)} % [" in by_metric[key].sentence


@pytest.mark.parametrize(
    ("runs", "kind", "words"),
    [
        (
            [run("a", slo=MISSED), run("b", slo=MISSED, seed=2)],
            "answer",
            "neither of a and b is shown to meet your SLOs",
        ),
        (
            [run(name, slo=MISSED, seed=at) for at, name in enumerate("abc")],
            "answer",
            "none of a, b and c is shown to meet your SLOs",
        ),
        ([run("a", trials=2), run("b", trials=2, seed=2)], "answer", "neither of a and b is shown to meet your SLOs"),
        ([run("a"), run("b", slo=MISSED, seed=2)], "answer", "a is the only one that meets your SLOs"),
        ([run("a", slo=None), run("b", slo=None, seed=2)], "answer", "no SLO was declared, so none is said to be met"),
        ([run("a"), run("b", seed=2)], "answer", "a and b meet your SLOs, and none is shown to be the cheapest"),
        (
            [run("a", cost=None), run("b", 0.6, seed=2, cost=None)],
            "answer",
            "b is the fastest to the first token that meets your SLOs",
        ),
        ([run("a", cost=None), run("b", seed=2, cost=None)], "open", "what a and b cost is not known"),
        ([run("a"), run("b", seed=2, cost=None)], "open", "what b costs is not known"),
        ([run("a"), unfit(run("b", 0.1, seed=2))], "barred", "b is called neither faster nor cheaper: its measurement"),
        ([run("a"), failing(run("b", 0.1, seed=2))], "barred", "b is called neither faster nor cheaper: "),
    ],
)
def test_what_cannot_be_said_is_said_not_to_be(runs: Sequence[SavedRun], kind: str, words: str) -> None:
    assert any(sentence.startswith(words) for sentence in said(runs)[kind]), said(runs)


@pytest.mark.parametrize("spoil", [unfit, failing])
def test_who_is_barred_is_in_no_answer_no_relation_and_no_tie(spoil: object) -> None:
    assert callable(spoil)
    found = compare([run("a"), spoil(run("b", 0.1, seed=2)), run("c", 1.5, seed=3)], ragmeter_version="0")
    assert {claim.kind for claim in found.claims if "b" in claim.labels} == {"barred", "basis"}


def test_what_is_open_comes_after_what_is_decided_with_what_it_takes() -> None:
    slos = (DeclaredSlo(expression=MET, origin="there.yaml"),)
    wild = [1.2, 0.95, 1.25, 1.0, 1.3, 1.02]
    runs = [run("a"), saved_run("b", wild, seed=2, slos=slos, interleaving="one")]
    found = compare(runs, ragmeter_version="0")
    kinds = [claim.kind for claim in found.claims]
    assert kinds.index("open") > kinds.index("answer")
    assert all(kind in ("open", "basis") for kind in kinds[kinds.index("open") :])
    assert found.further is not None
    assert found.further.trials > 0
    assert found.further.minutes > 0
    assert found.further.usd is not None
    assert found.further.usd > 0


def decided() -> Comparison:
    return compare([run("a"), run("b", 2.0, seed=2)], ragmeter_version="0")


def test_nothing_more_is_needed_where_all_is_decided_and_no_usd_where_a_price_is_unknown() -> None:
    assert decided().further is None
    found = compare(
        [run("a", trials=3, slo=None), run("b", trials=3, slo=None, seed=2, cost=None)], ragmeter_version="0"
    )
    assert found.further is not None
    assert found.further.usd is None


def test_states_of_one_provider_are_compared_and_nobody_is_chosen() -> None:
    sides = tuple(replace(side, provider="mine") for side in decided().sides)
    found = replace(decided(), sides=sides)
    assert {claim.kind for claim in claims_of(found)} == {"relation", "basis"}
    assert further_of(found) is None


def test_loads_that_are_not_equal_are_said_to_be_so() -> None:
    first, second = decided().sides
    found = replace(decided(), sides=(first, replace(second, asked={**second.asked, "load": "2 requests/s"})))
    assert claims_of(found)[-1].sentence == "the loads are not equal, or not all of them are known"


def test_what_somebody_typed_is_declared_and_prices_without_a_count_of_nodes_are_doubted() -> None:
    origins = {"gpu_model": "declared in a.yaml", "model_id": "backend /info"}
    (typed, counted, other) = compare(
        [
            run("a", metadata_origins=origins),
            run("b", metadata={"node_count": 3}, seed=2),
            run("c", metadata={"node_count": 5}, seed=3),
        ],
        ragmeter_version="0",
    ).sides
    assert typed.declared == {"gpu_model": "a.yaml"}
    assert (
        typed.price_doubt
        == "the price sheet of 2026-01-30 was never matched with the cluster: nobody counted its nodes"
    )
    assert counted.price_doubt is None
    assert other.price_doubt == "the prices are of 3 nodes, and the cluster has 5"
