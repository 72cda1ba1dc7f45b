"""The caches of a run: what was declared, which questions were repeated, and what was measured of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ragmeter.core.figures.hit_ratio import BLOCK_TOKENS, NONE, Allowance, TrialHits, hit_ratio, trial_hits
from ragmeter.core.formatting import percent
from ragmeter.core.inputs.cache import CacheState, MarkBy, state_of
from ragmeter.core.requests.cache_counts import CacheCounts
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.requests.repeats import repeats_of, undeclared
from ragmeter.core.run.plan import RunEnding, RunPlan
from ragmeter.core.stats.estimate import Estimate

COLD_AT_MOST = 0.01
WARM_AT_LEAST = 0.95
TEMPLATE_TOKENS = 64
"""What chat templates and system prompts write ahead of a nonce, at most: 25 to 45 with today's open models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialHitRatio:
    """One trial. source: ``usage``, or whose counters; None where it is not known, and ``unknown`` says why."""

    trial: int
    hit_ratio: float | None
    source: str | None
    unknown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """declared: ``cold``, ``warm``, ``natural`` or ``undeclared``, of the cache of prompts and, where there is one, of
    that of answers. marked_by: how requests were kept apart; None: they were sent as they are.

    questions: different ones of the measured requests. repeated_in_run, repeated_in_trial: how many measured requests
    asked what one before them had, the warm-up included. hit_ratio: of the cache of prompts, of all trials; its value
    is None where a trial's is not known. undeclared: why the run cannot pass. left_out_first, left_out_last: tokens of
    each prompt that are in neither part of the ratio.
    """

    declared: str
    marked_by: MarkBy | None
    requests: int
    questions: int
    repeated_in_run: int
    repeated_in_trial: int
    hit_ratio: Estimate
    trials: tuple[TrialHitRatio, ...]
    undeclared: str | None = None
    left_out_first: int = 0
    left_out_last: int = 0

    @property
    def repeated_in_run_ratio(self) -> float | None:
        """Share of the measured requests; None without any."""
        return self.repeated_in_run / self.requests if self.requests else None

    @property
    def repeated_in_trial_ratio(self) -> float | None:
        return self.repeated_in_trial / self.requests if self.requests else None


def caches_of(plan: RunPlan, samples: Sequence[RequestSample], ending: RunEnding) -> Caches:
    """samples: of the whole run, the warm-up included."""
    workload = plan.workload
    measured = [sample for sample in samples if sample.phase is Phase.MEASURED]
    found = _trials(plan, measured, ending)
    left_out = _left_out(plan, measured, ending)
    known = [hits for hits in found.values() if isinstance(hits, TrialHits)]
    repeats = repeats_of(samples, [prompt.text for prompt in workload.prompts])
    return Caches(
        declared=state_of(workload.caches),
        marked_by=None if plan.marking is None else plan.marking.by,
        requests=repeats.requests,
        questions=repeats.questions,
        repeated_in_run=repeats.in_run,
        repeated_in_trial=repeats.in_trial,
        hit_ratio=hit_ratio(known if len(known) == len(found) else ()),
        trials=tuple(_of_trial(trial, hits) for trial, hits in found.items()),
        undeclared=undeclared(repeats) if workload.caches is None else None,
        left_out_first=left_out.ahead,
        left_out_last=left_out.behind,
    )


def _left_out(plan: RunPlan, measured: Sequence[RequestSample], ending: RunEnding) -> Allowance:
    """What is left out of each trial; of trials that differ, the most."""
    trials = _by_trial(measured).items()
    found = [_allowance(plan, _counts_of(trial, own, ending)) for trial, own in trials]
    return Allowance(ahead=max(at.ahead for at in found), behind=max(at.behind for at in found)) if found else NONE


def caveat_of_marks(plan: RunPlan) -> str | None:
    """What the nonce of a cold cache does to retrieval; None where it does nothing."""
    workload = plan.workload
    if plan.marking is None or plan.marking.by != "nonce" or workload.target == "openai":
        return None
    if workload.described is not None and ("k" not in workload.described.uses or "nonce" in workload.described.uses):
        return None
    why = "the service does not say that it takes cache_salt"
    if workload.described is not None:
        why = "the description of the target has no {nonce} and no {cache_salt}"
    return f"a nonce stands ahead of each question, since {why}: retrieval searched for the nonce, too"


def broken(plan: RunPlan, measured: Sequence[RequestSample], ending: RunEnding) -> list[str]:
    """Why the declared state is not the one that was measured; nothing where it is, or where that cannot be said.

    The requests of the run are counted, and nothing is estimated: each trial is held to the bound by its value.
    """
    declared = plan.workload.caches
    if declared is None or declared.kv is CacheState.NATURAL:
        return []
    is_cold = declared.kv is CacheState.COLD
    bad = [
        hits
        for hits in _trials(plan, measured, ending).values()
        if isinstance(hits, TrialHits)
        and hits.ratio is not None
        and (hits.ratio > COLD_AT_MOST if is_cold else hits.ratio < WARM_AT_LEAST)
    ]
    if not bad:
        return []
    worst = (max if is_cold else min)(hits.ratio or 0.0 for hits in bad)
    bound = f"more than {COLD_AT_MOST:.0%}" if is_cold else f"less than {WARM_AT_LEAST:.0%}"
    trials = ", ".join(str(hits.trial + 1) for hits in bad)
    return [
        f"cache.kv was to be {declared.kv.value}, and {percent(worst)} % of the prompt tokens came from the cache "
        f"(by {bad[0].source}), {bound}, in trial {trials}"
    ]


def _of_trial(trial: int, hits: TrialHits | str) -> TrialHitRatio:
    if isinstance(hits, str):
        return TrialHitRatio(trial=trial, hit_ratio=None, source=None, unknown=hits)
    return TrialHitRatio(trial=trial, hit_ratio=hits.ratio, source=hits.source)


def _trials(plan: RunPlan, measured: Sequence[RequestSample], ending: RunEnding) -> dict[int, TrialHits | str]:
    return {
        trial: trial_hits(trial, own, counts, _allowance(plan, counts))
        for trial, own in _by_trial(measured).items()
        for counts in [_counts_of(trial, own, ending)]
    }


def _by_trial(measured: Sequence[RequestSample]) -> dict[int, list[RequestSample]]:
    by_trial: defaultdict[int, list[RequestSample]] = defaultdict(list)
    for sample in measured:
        by_trial[sample.trial].append(sample)
    return dict(sorted(by_trial.items()))


def _counts_of(trial: int, own: Sequence[RequestSample], ending: RunEnding) -> CacheCounts | None:
    """Of the steps that the samples are of; None unless each of them has some."""
    steps = {sample.step for sample in own}
    of_steps = {each.step: each.counts for each in ending.cache_counts if each.trial == trial and each.step in steps}
    found = list(of_steps.values())
    if of_steps.keys() != steps or len({each.source for each in found}) != 1:
        return None
    return CacheCounts(
        source=found[0].source,
        asked_tokens=sum(each.asked_tokens for each in found),
        hit_tokens=sum(each.hit_tokens for each in found),
        block_tokens=found[0].block_tokens,
    )


def _allowance(plan: RunPlan, counts: CacheCounts | None) -> Allowance:
    declared = plan.workload.caches
    if declared is not None and declared.kv is CacheState.WARM:
        block = counts.block_tokens if counts is not None else None
        return Allowance(behind=block or BLOCK_TOKENS)
    is_salted = plan.marking is not None and plan.marking.by == "cache_salt"
    is_kept_apart = is_salted and plan.workload.target != "rag"  # whose LLM may take no salt, and gets a nonce instead
    if declared is not None and declared.kv is CacheState.COLD and not is_kept_apart:
        return Allowance(ahead=TEMPLATE_TOKENS)
    return NONE
