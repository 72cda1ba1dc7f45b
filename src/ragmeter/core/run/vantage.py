"""The figures of a run that was sent from inside and outside of a cluster: latencies are those of its users."""

from collections.abc import Sequence

from ragmeter.core.figures.summary import Figures, summarise
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.run.plan import RunPlan


def seen_by_users(samples: Sequence[RequestSample], plan: RunPlan) -> list[RequestSample]:
    """Those from outside, of a run with two vantage points; else all."""
    return [sample for sample in samples if not plan.vantages or plan.vantages[sample.clock_id] == "outside"]


def figures_of(samples: Sequence[RequestSample], phase: Phase, plan: RunPlan) -> Figures:
    """The figures of a phase. Of two vantage points: latencies as users see them, and everything else of all requests,
    since all of them were the load.
    """
    workload = plan.workload
    whole = summarise(samples, phase, goodput=workload.goodput, seed=workload.seed)
    if not plan.vantages:
        return whole
    users = summarise(seen_by_users(samples, plan), phase, goodput=workload.goodput, seed=workload.seed)
    return whole.with_latencies(users)
