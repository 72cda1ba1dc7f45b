"""Saved runs against each other, from samples with known factors."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from ragmeter.core.compare.compare import compare
from ragmeter.core.compare.comparison import Comparison, Decision, MetricComparison
from ragmeter.core.compare.measured import DECLARED
from ragmeter.core.figures.spans.records import Received
from ragmeter.core.requests.records import ErrorClass
from ragmeter.core.run.identity import identity_diff, identity_of
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.run.saved import SavedRun
from tests.saved import METADATA, plan_of, saved_run

EIGHT = [1.0, 1.02, 0.99, 1.01, 0.98, 1.0, 1.01, 0.99]


def compared(*runs: SavedRun, aa: Sequence[tuple[SavedRun, SavedRun]] = (), reference: str | None = None) -> Comparison:
    return compare(runs, aa=aa, reference=reference, ragmeter_version="0")


def test_a_run_whose_service_was_asked_for_spans_is_not_compared_unsaid_with_one_that_was_not() -> None:
    here, there = saved_run("here", EIGHT), saved_run("there", EIGHT, seed=2)
    traced = replace(there, ending=replace(there.ending, received=Received(address="http://127.0.0.1:4318", spans=0)))
    said = "there was asked for a trace of each request, here was not"
    assert said in " ".join(compared(here, traced).pairs[0].caveats)
    assert said not in " ".join(compared(here, there).pairs[0].caveats)


def metric(found: Comparison, name: str, statistic: str | None = None) -> MetricComparison:
    return next(at for at in found.pairs[0].metrics if (at.metric, at.statistic) == (name, statistic))


def scaled(factor: float) -> list[float]:
    return [factor * each for each in EIGHT]


@pytest.mark.parametrize(
    ("factor", "tpot"), [(1.3, Decision.A_BETTER), (0.7, Decision.B_BETTER), (1.0, Decision.NO_DIFFERENCE)]
)
def test_a_known_difference_is_found_and_none_is_found_where_there_is_none(factor: float, tpot: Decision) -> None:
    found = compared(saved_run("here", EIGHT), saved_run("there", scaled(factor), seed=2))
    at = metric(found, "tpot_ms", "p50")
    assert at.decision is tpot
    assert at.ratio.value == pytest.approx(factor, rel=0.02)
    assert at.ratio.low is not None
    assert at.ratio.high is not None
    assert at.ratio.low <= factor <= at.ratio.high


def test_throughput_and_price_move_against_each_other() -> None:
    found = compared(saved_run("here", EIGHT), saved_run("there", scaled(1.5), seed=2))
    speed, price = metric(found, "output_tokens_per_s"), metric(found, "usd_per_1m_tokens")
    assert speed.decision is price.decision is Decision.A_BETTER
    assert speed.ratio.value is not None
    assert price.ratio.value == pytest.approx(1 / speed.ratio.value)


def test_the_difference_is_in_the_unit_of_the_metric() -> None:
    at = metric(compared(saved_run("here", EIGHT), saved_run("there", scaled(1.5), seed=2)), "tpot_ms", "p50")
    assert at.a is not None
    assert at.b is not None
    assert at.difference.value == pytest.approx(at.b - at.a)


def test_without_prices_there_is_no_verdict_on_money_and_the_others_stand() -> None:
    found = compared(saved_run("here", EIGHT, cost=None), saved_run("there", scaled(1.5), seed=2))
    price = metric(found, "usd_per_1m_tokens")
    assert price.sentence == "not decidable: no figure for every trial of here"
    assert found.family == len(DECLARED) - 2


def test_one_trial_a_side_is_not_decidable_whatever_the_difference() -> None:
    found = compared(saved_run("here", [1.0]), saved_run("there", [3.0]))
    assert {at.decision for at in found.pairs[0].metrics} == {Decision.NOT_DECIDABLE}
    assert metric(found, "tpot_ms", "p50").trials_needed == 4


def test_three_runs_make_three_pairs_and_one_family() -> None:
    found = compared(saved_run("a", EIGHT), saved_run("b", scaled(1.1)), saved_run("c", scaled(1.2)))
    assert [(pair.a, pair.b) for pair in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found.family == 3 * len(DECLARED)


def test_two_runs_of_one_provider_have_names_of_their_own() -> None:
    found = compared(saved_run("here", EIGHT), saved_run("here", EIGHT))
    assert [side.label for side in found.sides] == ["here #1", "here #2"]


def test_a_difference_as_large_as_that_of_identical_systems_is_not_claimed() -> None:
    runs = saved_run("here", EIGHT), saved_run("there", scaled(1.3), seed=2)
    twin = saved_run("here", EIGHT), saved_run("here", scaled(1.4), seed=3)
    at = metric(compared(*runs, aa=[twin]), "tpot_ms", "p50")
    assert at.decision is Decision.NOT_DECIDABLE
    assert at.noise_ratio is not None
    assert at.noise_ratio > 0.38
    assert metric(compared(*runs), "tpot_ms", "p50").decision is Decision.A_BETTER


def interleaved(provider: str, factors: list[float], **fields: object) -> SavedRun:
    return saved_run(provider, factors, interleaving="session-1", **fields)  # type: ignore[arg-type]


def test_trials_of_an_interleaved_session_are_pairs_and_cancel_what_both_met() -> None:
    drift = [1.0, 1.6, 0.7, 1.2, 0.5, 1.9]
    blocks, apart = (
        compared(make("here", drift), make("there", [1.1 * each for each in drift], seed=2))
        for make in (interleaved, saved_run)
    )
    assert (blocks.pairs[0].blocks, apart.pairs[0].blocks) == (6, 0)
    assert metric(blocks, "tpot_ms", "p50").decision is Decision.A_BETTER
    assert metric(apart, "tpot_ms", "p50").decision is Decision.NOT_DECIDABLE


def test_runs_of_two_sessions_are_no_pairs_although_their_trials_have_the_same_numbers() -> None:
    other = saved_run("there", EIGHT, interleaving="session-2")
    assert compared(interleaved("here", EIGHT), other).pairs[0].blocks == 0


def test_a_trial_without_a_partner_is_left_out_and_it_is_said() -> None:
    (pair,) = compared(interleaved("here", EIGHT), interleaved("there", EIGHT[:6], seed=2)).pairs
    assert pair.blocks == 6
    assert pair.caveats[0] == "2 of 8 trials of here have no partner in their block and are left out"


def test_the_last_trial_of_a_run_that_ended_early_does_not_count() -> None:
    cut = replace(interleaved("there", EIGHT, seed=2), ending=RunEnding(status="interrupted", reason="Ctrl-C"))
    found = compared(interleaved("here", EIGHT), cut)
    assert [side.trials for side in found.sides] == [8, 7]
    assert found.pairs[0].blocks == 7


def test_what_was_lost_by_not_interleaving_is_said() -> None:
    later = saved_run("there", EIGHT, started_at="2026-02-26T10:15:30+00:00")
    (pair,) = compared(saved_run("here", EIGHT), later).pairs
    assert pair.blocks == 0
    assert "4 days apart, and not as interleaved trials" in pair.caveats[0]
    assert "two independent groups (Welch)" in pair.caveats[0]


def test_with_a_reference_each_other_run_is_compared_with_it_alone() -> None:
    runs = [
        saved_run(name, scaled(factor), seed=at) for at, (name, factor) in enumerate({"a": 1, "b": 2, "c": 3}.items())
    ]
    found = compared(*runs, reference="b")
    assert [(pair.a, pair.b) for pair in found.pairs] == [("b", "a"), ("b", "c")]
    assert found.family == 2 * len(DECLARED)


def test_a_rank_is_claimed_only_as_far_as_the_pairs_are_decided() -> None:
    drift = [1.0, 1.5, 0.7, 1.2, 0.8, 1.4, 0.6, 1.1]
    found = compared(
        saved_run("slow", scaled(9.0)), saved_run("near", drift, seed=2), saved_run("also near", drift[::-1], seed=3)
    )
    ranks = {rank.label: (rank.best, rank.worst) for rank in found.rankings[2].ranks}
    assert ranks == {"slow": (3, 3), "near": (1, 2), "also near": (1, 2)}
    assert found.rankings[2].ranks[-1].label == "slow"


def test_the_fields_in_which_any_runs_differ_stand_together() -> None:
    runs = (saved_run("a", EIGHT), saved_run("b", EIGHT, metadata={"gpu_model": "H100"}), saved_run("c", EIGHT))
    assert [(at.field, at.values, at.forbids) for at in compared(*runs).environment] == [
        ("gpu_model", ("L4", "H100", "L4"), False)
    ]


def test_failures_interruption_and_other_lengths_are_said() -> None:
    run = saved_run("there", EIGHT)
    cut = tuple(
        replace(each, error=ErrorClass.TIMEOUT) if each.index % 10 == 0 else replace(each, output_tokens=20)
        for each in run.samples
    )
    broken = replace(run, samples=cut, ending=RunEnding(status="interrupted", reason="Ctrl-C", client_cpu_ratio=0.99))
    found = compared(saved_run("here", EIGHT), broken)
    said = " ".join(found.sides[1].caveats)
    assert "10 % of its requests failed: latencies are of successes" in said
    assert "it was interrupted" in said
    assert "10 tokens on here, 20 on there" in " ".join(found.pairs[0].caveats)
    assert all("the measurement of there is not valid" in at.sentence for at in found.pairs[0].metrics)


@pytest.mark.parametrize("drift", [0.1, 0.4])
def test_identical_systems_are_seldom_called_different(drift: float) -> None:
    """Family-wise: any metric of a comparison counts. Saved runs with requests inside, so the whole chain is tried."""
    rng = np.random.default_rng(51)
    called = 0
    for _ in range(40):
        a, b = (
            saved_run(name, rng.lognormal(0, drift, 5).tolist(), requests=12, seed=int(rng.integers(1 << 30)))
            for name in ("a", "b")
        )
        decisions = {at.decision for at in compared(a, b).pairs[0].metrics}
        called += bool(decisions & {Decision.A_BETTER, Decision.B_BETTER})
    assert called <= 5


def test_identity_separates_what_must_match_from_what_could_explain() -> None:
    a = identity_of(plan_of("a"))
    b = identity_of(plan_of("b", metadata={"dtype": "int8", "gpu_model": "H100", "vllm_version": None}))
    diff = identity_diff(a, b)
    assert [(at.field, at.a, at.b) for at in diff.must_match] == [("dtype", "float16", "int8")]
    assert [(at.field, at.a, at.b) for at in diff.could_explain] == [("gpu_model", "L4", "H100")]
    assert diff.unverified == ("vllm_version", "token_source")


def test_the_provider_is_no_difference_by_itself() -> None:
    diff = identity_diff(identity_of(plan_of("a")), identity_of(plan_of("b")))
    assert (diff.must_match, diff.could_explain, diff.unverified) == ((), (), ("token_source",))


@pytest.mark.parametrize("field", [name for name in METADATA if name not in {"gpu_model", "region"}])
def test_every_field_of_the_measured_system_must_match(field: str) -> None:
    diff = identity_diff(identity_of(plan_of("a")), identity_of(plan_of("b", metadata={field: "other"})))
    assert [at.field for at in diff.must_match] == [field]
