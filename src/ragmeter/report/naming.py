"""What a run is called, and the one sentence it comes down to. Shared by the page and the terminal."""

from typing import Final

from ragmeter.core.result import Outcome, RunResult, SloVerdict

SMOKE_BELOW_SECONDS: Final = 600
"""Runs shorter than this are labelled smoke: MLPerf Inference asks for at least 600 s."""

METRIC_LABELS: Final = {
    "ttft_ms": "Time to first token",
    "tpot_ms": "Time per output token",
    "itl_ms": "Inter-chunk latency",
    "e2e_ms": "End-to-end latency",
    "output_tokens_per_s": "Output throughput",
    "requests_per_s": "Requests",
    "goodput_rps": "Goodput",
    "good_ratio": "Good requests",
    "error_ratio": "Errors",
}


def metric_label(name: str) -> str:
    return METRIC_LABELS.get(name, name)


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
    """Why the run has its outcome, in one sentence."""
    if result.outcome is Outcome.INVALID:
        return _first_of("The client was not fit to measure", result.harness.reasons)
    if not result.verdicts:
        return "No SLO was declared: nothing was judged."
    if result.outcome is Outcome.PASS:
        return f"{_all_slos(len(result.verdicts))} with the whole interval inside the bound."
    same = tuple(verdict for verdict in result.verdicts if verdict.outcome is result.outcome)
    return _first_of(_judged(result, same), tuple(verdict.sentence for verdict in same))


_VERBS: Final = {
    Outcome.FAIL: "missed",
    Outcome.INCONCLUSIVE: "undecided",
    Outcome.NO_DATA: "without enough data",
}


def _judged(result: RunResult, same: tuple[SloVerdict, ...]) -> str:
    total = len(result.verdicts)
    noun = "SLO" if total == 1 else "SLOs"
    return f"{len(same)} of {total} {noun} {_VERBS.get(result.outcome, result.outcome)}"


def _all_slos(total: int) -> str:
    return "The one SLO is met" if total == 1 else f"All {total} SLOs are met, each"


def _first_of(what: str, sentences: tuple[str, ...]) -> str:
    if not sentences:
        return f"{what}."
    more = f" (and {len(sentences) - 1} more below)" if len(sentences) > 1 else ""
    return f"{what}: {sentences[0].rstrip('.')}{more}."
