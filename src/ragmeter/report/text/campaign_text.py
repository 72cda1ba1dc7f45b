"""The events of a campaign in words: lines that last, and the title of what is measured now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmeter.core.campaign.events import (
    CampaignPlanned,
    LevelStarted,
    RunStarted,
    Said,
    TrialStarted,
    WarmupEnded,
    WarmupStarted,
)
from ragmeter.core.money.budget import usd_text
from ragmeter.report.words.format import span

if TYPE_CHECKING:
    from ragmeter.core.campaign.events import Event


def line_of(event: Event) -> str | None:
    """What an event says that lasts; None for one that says nothing, or nothing yet."""
    match event:
        case Said():
            return event.line
        case CampaignPlanned():
            return plan_line(event)
        case WarmupEnded(trials_s=float() as seconds):
            return warm_line(event, seconds)
    return None


def title_of(event: Event) -> str | None:
    """What the figures from here on belong to, such as ``smoke @ local 2 of 3``; None for an event that changes
    nothing of it.
    """
    match event:
        case RunStarted():
            shard = f" {event.shard.number + 1}/{event.shard.count}" if event.shard else ""
            return f"{event.case.workload.name} @ {event.case.label}{shard}"
        case WarmupStarted():
            return f"{event.workload.name} @ {event.label}"
        case LevelStarted():
            return f"{event.workload.name} @ {event.label} at {event.level:.4g}"
        case TrialStarted():
            return f"{event.workload.name} @ {event.label}{_place(event)}"
    return None


def _place(event: TrialStarted) -> str:
    trials, most = event.workload.trials, "at most " if event.workload.until else ""
    return f" {event.trial + 1} of {most}{trials}" if trials > 1 else ""


def plan_line(planned: CampaignPlanned) -> str:
    """What is planned, and what is certain of its length."""
    workload = planned.workload
    trials = f"{workload.trials} trial{'s' if workload.trials > 1 else ''}"
    if workload.until is not None:
        trials = f"{planned.min_trials} to {workload.trials} trials"
    runs = f"{planned.runs} runs, each with " if planned.runs > 1 else ""
    if workload.search is not None:
        trials = f"a search of at most {workload.search.max_steps} steps, and at what it finds {trials}"
    known = "how long it takes is not known before"
    if planned.min_s >= 1:
        known = f"at least {_both(planned.min_s, planned.usd_per_hr)}"
    return f"plan of {workload.name}: {runs}{trials} of {workload.requests} requests; {known}"


def warm_line(warm: WarmupEnded, seconds: float) -> str:
    """The prediction after the warm-up, and whether the budget ends before."""
    end = f"; the budget ends before: {warm.over_budget}" if warm.over_budget else ""
    return f"predicted from the warm-up: {_both(seconds, warm.usd_per_hr)} from now on{end}"


def _both(seconds: float, usd_per_hr: float | None) -> str:
    return span(seconds) + ("" if usd_per_hr is None else f", {usd_text(usd_per_hr * seconds / 3600)}")
