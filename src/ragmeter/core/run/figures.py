"""What a plan and its samples say beside the figures of the requests: was the client fit, and what did it cost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ragmeter.core.client.harness import Harness, harness_of
from ragmeter.core.figures.summary import Figures
from ragmeter.core.money.cost import Cost, cost_of, price_sheet_from
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.run.caches import broken
from ragmeter.core.run.plan import RunEnding, RunPlan


def harness_of_run(plan: RunPlan, ending: RunEnding, measured: Sequence[RequestSample]) -> Harness:
    """measured: the samples of the measured phase."""
    harness = harness_of(
        measured,
        clock=plan.clock,
        open_loop=plan.workload.open_loop,
        client_cpu_ratio=ending.client_cpu_ratio,
        not_fit=(*ending.not_fit, *broken(plan, measured, ending)),
    )
    return replace(harness, calibration=plan.calibration, real_time=ending.real_time)


def cost_of_run(plan: RunPlan, figures: Figures, measured: Sequence[RequestSample]) -> Cost | None:
    """By the prices of the plan, on the day of the run; None when it has none.

    measured: the samples that ``figures`` are of, a whole phase or one trial of it.
    """
    if plan.cost is None:
        return None
    received = sum(sample.received_bytes for sample in measured)
    today = datetime.fromisoformat(plan.started_at).date()
    return cost_of(
        price_sheet_from(plan.cost),
        figures.phase,
        good=figures.good,
        good_tokens=figures.good_tokens,
        received_bytes=received,
        today=today,
    )
