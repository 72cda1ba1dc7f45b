"""What the servers did while a run was measured: by replica, against the client's counts, and as SLOs ask for it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from ragmeter.core.figures.counts import sum_known
from ragmeter.core.figures.observe.estimates import (
    GaugeFigure,
    HistogramFigure,
    gauge_figures,
    growths,
    histogram_figures,
    of_step,
)
from ragmeter.core.figures.observe.served import ObserverCost, ServedTrial, cost_of_observing, served_trial
from ragmeter.core.figures.observe.watched import Watched, watched
from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.summary import Figures
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.run.plan import RunEnding, RunPlan
from ragmeter.core.stats.estimate import Estimate, estimate_exact
from ragmeter.core.stats.trials import quotient_over_trials

OTHERS = 0.02
"""The servers may count so much more or less than the client before somebody else must have asked them, too."""
_GROWTHS = {"llm_prompt_tokens_per_s": "prompt_tokens", "llm_output_tokens_per_s": "generation_tokens"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Tokens of one trial, or of one step of one, as all LLM servers together counted them and as the answers told the
    client; None where either is not known.
    """

    trial: int
    step: int
    llm_prompt_tokens: float | None
    client_prompt_tokens: int | None
    llm_output_tokens: float | None
    client_output_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """trials: each server in each trial. figures: over the measured phase, by metric. counts: of tokens, on both sides.
    unknown: why a metric is not known over the whole phase. cost: of observing, the warm-up included.
    """

    trials: tuple[ServedTrial, ...]
    figures: dict[str, Distribution]
    counts: tuple[TokenCounts, ...]
    cost: ObserverCost
    unknown: dict[str, str] = field(default_factory=dict)


def spans_of(plan: RunPlan, ending: RunEnding) -> tuple[Watched, ...]:
    """The readings of a run by span and server."""
    return watched(ending.readings, model_id=plan.workload.model_id)


def _measured(spans: Sequence[Watched], step: int | None = None) -> list[Watched]:
    return of_step([at for at in spans if at.span.phase is Phase.MEASURED], step)


def with_servers(figures: Figures, spans: Sequence[Watched], step: int | None = None) -> Figures:
    """The figures with those of the servers, so that they can be judged. step: of a sweep; None for all."""
    own = _measured(spans, step)
    if not own:
        return figures
    gauges = gauge_figures(own)
    unknown = {name: gauge.gap for name, gauge in gauges.items() if gauge.gap is not None}
    served: dict[str, GaugeFigure | HistogramFigure] = {**gauges, **histogram_figures(own)}
    rates, uncounted = _rates(own)
    return figures.with_served(served, {**unknown, **uncounted}).with_rates(rates)


def _rates(own: Sequence[Watched]) -> tuple[dict[str, Estimate], dict[str, str]]:
    """Figures of the phase by the counters, and why some that a server has are not known."""
    rates: dict[str, Estimate] = {}
    why = next((f"{at.source}: {at.uncounted}" for at in own if at.uncounted is not None), None)
    unknown: dict[str, str] = {}
    for name, counter in _GROWTHS.items():
        grew, seconds = growths(counter, own)
        if grew is not None and all(seconds):
            rates[name] = quotient_over_trials(grew, seconds, n=len(grew))
        elif why is not None:
            unknown[name] = why
    lost, _ = growths("preemptions", own)
    if lost is not None:
        rates["preemptions"] = estimate_exact(sum(lost), len(lost))
    elif why is not None:
        unknown["preemptions"] = why
    hit, _ = growths("prefix_hit_tokens", own)
    asked, _ = growths("prefix_asked_tokens", own)
    if hit is not None and asked is not None and len(hit) == len(asked) and all(asked):
        rates["prefix_hit_ratio"] = quotient_over_trials(hit, asked, n=len(hit))
    elif why is not None:
        unknown["prefix_hit_ratio"] = why
    return rates, unknown


def serving_of(plan: RunPlan, samples: Sequence[RequestSample], ending: RunEnding, figures: Figures) -> Serving | None:
    """None where nothing was read. samples: measured ones. figures: with those of the servers."""
    spans = spans_of(plan, ending)
    cost = cost_of_observing(ending.readings, spans)
    if cost is None:
        return None
    own = _measured(spans)
    return Serving(
        trials=tuple(served_trial(at) for at in sorted(own, key=lambda at: (at.span.trial, at.span.step))),
        figures={name: _distribution(name, figure) for name, figure in figures.served.items()},
        counts=tuple(_counts(own, samples)),
        cost=cost,
        unknown={name: why for name, why in figures.unknown.items() if METRICS[name].source == _SOURCE},
    )


_SOURCE = METRICS["llm_running"].source


def _distribution(name: str, figure: GaugeFigure | HistogramFigure) -> Distribution:
    at = {statistic: figure.estimate(statistic) for statistic in ("mean", "p50", "p90", "p95", "p99")}
    least, most = figure.estimate("min"), figure.estimate("max")
    is_whole = not isinstance(figure, GaugeFigure) or figure.gap is None
    return Distribution(
        unit=METRICS[name].unit,
        n=at["mean"].n,
        min=least.value if is_whole else None,
        max=most.value if is_whole else None,
        **at,
    )


def _counts(own: Sequence[Watched], samples: Sequence[RequestSample]) -> list[TokenCounts]:
    by_span: defaultdict[tuple[int, int], list[Watched]] = defaultdict(list)
    for at in own:
        by_span[at.span.trial, at.span.step].append(at)
    found = []
    for (trial, step), servers in sorted(by_span.items()):
        answered = [each for each in samples if (each.trial, each.step) == (trial, step) and each.ok]
        found.append(
            TokenCounts(
                trial=trial,
                step=step,
                llm_prompt_tokens=_grown("prompt_tokens", servers),
                client_prompt_tokens=sum_known([each.prompt_tokens for each in answered]),
                llm_output_tokens=_grown("generation_tokens", servers),
                client_output_tokens=sum_known([each.output_tokens for each in answered]),
            )
        )
    return found


def _grown(name: str, servers: Sequence[Watched]) -> float | None:
    grew, _ = growths(name, servers)
    return None if grew is None else sum(grew)


def caveat_of_counts(at: Serving | None, *, failed: int) -> str | None:
    """What it means that the servers counted other tokens than the client; None where they agree, or may with what
    failed requests took.
    """
    pairs = [] if at is None else [(c.llm_output_tokens, c.client_output_tokens) for c in at.counts]
    known = [(llm, client) for llm, client in pairs if llm is not None and client]
    if not known or len(known) < len(pairs) or failed:
        return None
    llm, client = sum(llm for llm, _ in known), sum(client for _, client in known)
    if abs(llm - client) <= OTHERS * client:
        return None
    others = (
        "others asked them, too, or a token is not what the client counts"
        if llm > client
        else ("a replica is not observed, or a token is not what the client counts")
    )
    return f"the LLM servers counted {llm:.0f} output tokens, and the answers had {client}: {others}"
