"""What a run is called, and the one sentence it comes down to. Shared by the page and the terminal."""

from typing import Final

from ragmeter.core.result import Outcome, RunResult, SloVerdict, Stage

SMOKE_BELOW_SECONDS: Final = 600
"""Runs shorter than this are labelled smoke: MLPerf Inference asks for at least 600 s."""

METRIC_LABELS: Final = {
    "ttft_ms": "Time to first token",
    "tpot_ms": "Time per output token",
    "itl_ms": "Inter-chunk latency",
    "e2e_ms": "End-to-end latency",
    "connect_ms": "Connection set-up",
    "round_trip_ms": "Round trip",
    "output_tokens_per_s": "Output throughput",
    "requests_per_s": "Requests",
    "goodput_rps": "Goodput",
    "good_ratio": "Good requests",
    "error_ratio": "Errors",
    "usd_per_1m_tokens": "USD per 1M tokens",
    "usd_per_1m_good_tokens": "USD per 1M good tokens",
    "usd_per_request": "USD per request",
    "usd_per_good_request": "USD per good request",
}


def metric_label(name: str) -> str:
    return METRIC_LABELS.get(name, name)


def figure_label(metric: str, statistic: str | None) -> str:
    """``Time to first token, p95``."""
    return f"{metric_label(metric)}, {statistic}" if statistic else metric_label(metric)


def provider_name(result: RunResult) -> str:
    return _known(result.run_metadata.get("provider"), "provider not known")


def workload_name(result: RunResult) -> str:
    return _known(result.workload.get("name"), "workload not named")


def run_name(result: RunResult) -> str:
    return f"{workload_name(result)} @ {provider_name(result)}"


def _known(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise


def is_smoke(result: RunResult) -> bool:
    return result.duration_seconds is not None and result.duration_seconds < SMOKE_BELOW_SECONDS


def reason(result: RunResult) -> str:
    """Why the run has its outcome, in a few words; what exactly happened is said by ``evidence``."""
    if result.harness.reasons:
        return "The client was not fit to measure, so no figure here judges the target"
    if not result.verdicts:
        return "No SLO was declared: nothing was judged"
    if result.outcome is Outcome.PASS:
        return _met(result)
    if not _deciding(result):
        return f"{_met(result)}, but the run was interrupted: half of a run can fail and cannot pass"
    return _judged(result, len(_deciding(result)))


def evidence(result: RunResult) -> tuple[str, ...]:
    """The sentences that led to the outcome, each about one SLO or one limit of the client."""
    if result.harness.reasons:
        return result.harness.reasons
    return () if result.outcome is Outcome.PASS else tuple(sentence(result, verdict) for verdict in _deciding(result))


def full_reason(result: RunResult) -> str:
    """Why the run has its outcome, in one sentence that holds the first piece of evidence."""
    sentences = evidence(result)
    if not sentences:
        return f"{reason(result)}."
    more = f" (and {len(sentences) - 1} more below)" if len(sentences) > 1 else ""
    return f"{reason(result)}: {sentences[0].rstrip('.')}{more}."


def sentence(result: RunResult, verdict: SloVerdict) -> str:
    """The verdict's sentence without the run's name, for a place that has it in its heading."""
    return verdict.sentence.removeprefix(f"{run_name(result)}: ")


def own_warnings(result: RunResult) -> tuple[str, ...]:
    """Warnings about the run but not about its prices, which stand with the cost."""
    prices = () if result.cost is None else result.cost.warnings
    return tuple(warning for warning in result.warnings if warning not in prices)


def stage_label(stage: Stage) -> str:
    return stage.label[:1].upper() + stage.label[1:]


def _deciding(result: RunResult) -> tuple[SloVerdict, ...]:
    return tuple(verdict for verdict in result.verdicts if verdict.outcome is result.outcome)


_VERBS: Final = {
    Outcome.FAIL: "missed",
    Outcome.INCONCLUSIVE: "undecided",
    Outcome.NO_DATA: "without enough data",
    Outcome.INVALID: "not judged, as the client was not fit for it",
}


def _judged(result: RunResult, deciding: int) -> str:
    total = len(result.verdicts)
    return f"{deciding} of {total} {'SLO' if total == 1 else 'SLOs'} {_VERBS[result.outcome]}"


def _met(result: RunResult) -> str:
    total = len(result.verdicts)
    return "The one SLO is met" if total == 1 else f"All {total} SLOs are met"
