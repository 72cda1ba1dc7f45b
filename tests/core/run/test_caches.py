"""The caches of a run: what is asserted of a declared state, and what is said where it cannot be."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ragmeter.core.inputs.cache import CacheState, DeclaredCaches, MarkBy
from ragmeter.core.requests.cache_counts import CacheCounts, TrialCounts
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.result.build import result_of
from ragmeter.core.run.caches import broken, caches_of, caveat_of_marks
from ragmeter.core.run.identity import differing, identity_of
from ragmeter.core.run.metadata import RunMetadata
from ragmeter.core.run.plan import RunEnding, RunPlan
from ragmeter.core.schedule.plan import Marking
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.words.service.caches import cache_sentence
from ragmeter.run.plan.marking import marking_of
from tests.core.inputs.targets.descriptions import description, plain
from tests.core.samples import sample
from tests.saved import plan_of

COMPLETE = RunEnding(status="complete")
NONCE = Marking(by="nonce")


def plan(kv: str | None, **fields: Any) -> RunPlan:
    made = plan_of("mine", **fields)
    state = None if kv is None else CacheState(kv)
    caches = None if state is None else DeclaredCaches(kv=state)
    return replace(made, workload=replace(made.workload, caches=caches))


def asked(cached: int | None, *, trials: int = 1, requests: int = 40, prompt: int = 1000) -> list[RequestSample]:
    return [
        sample(
            index=place,
            at_ms=200 * place,
            trial=place // requests,
            prompt_index=place % 2,
            prompt_tokens=prompt,
            cached_tokens=cached,
        )
        for place in range(trials * requests)
    ]


@pytest.mark.parametrize(
    ("kv", "cached", "is_broken"),
    [
        (None, 1000, False),
        ("natural", 0, False),
        ("natural", 1000, False),
        ("cold", 0, False),
        ("cold", 64, False),
        ("cold", 73, False),  # 9 of 936
        ("cold", 74, True),  # 10 of 936
        ("cold", 1000, True),
        ("cold", None, False),
        ("warm", 984, False),
        ("warm", 935, False),  # of 984
        ("warm", 934, True),
        ("warm", 0, True),
        ("warm", None, False),
    ],
)
def test_a_state_is_broken_by_what_was_measured_and_not_by_what_was_not(
    kv: str | None, cached: int | None, is_broken: bool
) -> None:
    assert bool(broken(plan(kv, marking=NONCE), asked(cached), COMPLETE)) is is_broken


def test_one_bad_trial_breaks_the_run_and_every_slo_of_it() -> None:
    samples = [*asked(0, trials=1), *(replace(s, trial=1, index=s.index + 40) for s in asked(500))]
    result = result_of(plan("cold", marking=NONCE), samples, COMPLETE, raw_samples_path=None)
    assert result.outcome is Outcome.INVALID
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.INVALID}
    (reason,) = result.harness.reasons
    assert reason == (
        "cache.kv was to be cold, and 47 % of the prompt tokens came from the cache (by usage), more than 1%, "
        "in trial 2"
    )


def test_counters_assert_where_usage_does_not() -> None:
    grew = TrialCounts(
        trial=0, step=0, counts=CacheCounts(source="vLLM", asked_tokens=40_000, hit_tokens=9_000, block_tokens=128)
    )
    ending = RunEnding(status="complete", cache_counts=(grew,))
    (words,) = broken(plan("warm"), asked(None), ending)
    assert "26 % of the prompt tokens came from the cache (by vLLM), less than 95%" in words
    full = replace(grew, counts=replace(grew.counts, hit_tokens=40 * 896))  # 7 blocks of 128
    assert not broken(plan("warm"), asked(None), replace(ending, cache_counts=(full,)))


@pytest.mark.parametrize("step", [1, 2])
def test_counters_of_another_step_or_trial_say_nothing(step: int) -> None:
    counts = CacheCounts(source="vLLM", asked_tokens=40_000, hit_tokens=40_000)
    elsewhere = (TrialCounts(trial=0, step=step, counts=counts), TrialCounts(trial=step, step=0, counts=counts))
    found = caches_of(plan("cold"), asked(None), RunEnding(status="complete", cache_counts=elsewhere))
    assert found.hit_ratio.value is None
    assert found.trials[0].unknown is not None


@pytest.mark.parametrize(
    ("kv", "prompts", "outcome"),
    [
        (None, 2, Outcome.INCONCLUSIVE),
        ("natural", 2, Outcome.PASS),
        ("cold", 2, Outcome.PASS),
        (None, 1000, Outcome.PASS),
    ],
)
def test_a_run_that_repeats_questions_passes_only_in_a_declared_state(
    kv: str | None, prompts: int, outcome: Outcome
) -> None:
    samples = [replace(each, prompt_index=each.index % prompts) for each in asked(None)]
    result = result_of(plan(kv, marking=NONCE if kv == "cold" else None), samples, COMPLETE, raw_samples_path=None)
    (ttft,) = [verdict for verdict in result.verdicts if verdict.metric == "ttft_ms"]
    assert (result.outcome, ttft.outcome) == (outcome, outcome)
    assert ("no cache state is declared" in ttft.sentence) is (outcome is Outcome.INCONCLUSIVE)
    (errors,) = [verdict for verdict in result.verdicts if verdict.metric == "error_ratio"]
    assert errors.outcome is Outcome.PASS, "errors are the same with a cache"


def test_a_failure_stands_whatever_the_cache_did() -> None:
    slow = [replace(each, events_ns=tuple(at + 10**10 for at in each.events_ns)) for each in asked(None)]
    slow = [replace(each, ended_ns=each.events_ns[-1]) for each in slow]
    assert result_of(plan(None), slow, COMPLETE, raw_samples_path=None).outcome is Outcome.FAIL


def test_runs_in_two_states_are_not_compared() -> None:
    states = [None, "cold", "warm", "natural"]
    identities = [identity_of(plan(state)) for state in states]
    for one in identities:
        assert [differing(one, other) is None for other in identities].count(True) == 1
    assert differing(identities[0], identities[1]) == "cache_state was 'undeclared' and is 'cold'"


@pytest.mark.parametrize(("marking", "is_told"), [(None, False), (NONCE, True), (Marking(by="cache_salt"), False)])
def test_a_nonce_ahead_of_a_question_is_told_since_retrieval_reads_it(marking: Marking | None, is_told: bool) -> None:
    assert (caveat_of_marks(plan("cold", marking=marking)) is not None) is is_told


DESCRIBED = {
    "neither": plain(body={"question": "{prompt}", "top": "{k}"}),
    "nonce": plain(body={"system": "Run {nonce}", "question": "{prompt}", "top": "{k}"}),
    "cache_salt": plain(body={"question": "{prompt}", "top": "{k}", "cache_salt": "{cache_salt}"}),
    "both": plain(body={"system": "{nonce}", "question": "{prompt}", "cache_salt": "{cache_salt}"}),
}


@pytest.mark.parametrize(
    ("name", "by", "marked_by", "left_out", "is_told"),
    [
        ("neither", None, "nonce", 64, True),
        ("nonce", None, "nonce", 64, False),
        ("cache_salt", None, "cache_salt", 0, False),
        ("cache_salt", "nonce", "nonce", 64, True),
        ("both", None, "cache_salt", 0, False),
        ("both", "nonce", "nonce", 64, False),
    ],
)
def test_a_described_target_is_marked_where_its_description_says_and_what_says_nothing_is_left_out(
    name: str, by: MarkBy | None, marked_by: MarkBy, left_out: int, is_told: bool
) -> None:
    made = plan("cold")
    caches = DeclaredCaches(kv=CacheState.COLD, by=by)
    workload = replace(made.workload, caches=caches, target="described", described=description(DESCRIBED[name]))
    marking = marking_of(workload, RunMetadata(), ())
    assert marking is not None
    assert marking.by == marked_by
    run = replace(made, workload=workload, marking=marking)
    found = caches_of(run, asked(left_out), COMPLETE)
    assert (found.hit_ratio.value, found.left_out_first) == (0.0, left_out)
    assert (f"without the first {left_out} tokens" in cache_sentence(found)) is bool(left_out)
    assert broken(run, asked(left_out), COMPLETE) == []
    assert broken(run, asked(left_out + 50), COMPLETE), "beyond it, every hit counts"
    assert (caveat_of_marks(run) is not None) is is_told


def test_two_manifests_that_differ_are_told_by_the_first_key() -> None:
    one, other = plan("cold"), plan("cold")
    longer = replace(other.workload, sha256="b" * 64, manifest=_with(other.workload.manifest, max_output_tokens=99))
    again = replace(other.workload, sha256="b" * 64)
    said = differing(identity_of(one), identity_of(replace(other, workload=longer)))
    assert said is not None
    assert said.startswith("benchmark.max_output_tokens was ")
    assert " and is 99" in said
    prompts = differing(identity_of(one), identity_of(replace(other, workload=again)))
    assert prompts is not None
    assert prompts.startswith("workload_hash was "), "a file that the manifest names has changed"


def _with(manifest: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Seed and SLOs are told apart from what is asked of the service."""
    return {"slo": ["errors <= 0"], **manifest, "benchmark": {**manifest["benchmark"], "seed": 7, **changes}}
