"""What a run is called, and the one sentence it comes down to. Shared by the page and the terminal."""

from typing import Final

from ragmeter.core.figures.stages import Stage
from ragmeter.core.requests.quality_metrics import SHARES_OF_ANSWERS
from ragmeter.core.requests.records import TokenSource
from ragmeter.core.result.failures import FailedTest
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.plan import labelled
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.report.words.format import count

SMOKE_BELOW_SECONDS: Final = 600
"""Runs shorter than this are labelled smoke: MLPerf Inference asks for at least 600 s."""


def provider_name(result: RunResult) -> str:
    return _known(result.run_metadata.get("provider"), "provider not known")


def workload_name(result: RunResult) -> str:
    return _known(result.workload.get("name"), "workload not named")


def run_name(result: RunResult) -> str:
    return f"{workload_name(result)} @ {provider_label(result)}"


def provider_label(result: RunResult) -> str:
    """The provider, and which of its runs this is: ``mine cold``."""
    return labelled(provider_name(result), result.variant)


def series_name(result: RunResult) -> str:
    """The workload, and which of its runs this is, as it is called where runs make a series: ``standard-cold``."""
    return workload_name(result) if result.variant is None else f"{workload_name(result)}-{result.variant}"


def _known(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise


def is_smoke(result: RunResult) -> bool:
    return result.duration_seconds is not None and result.duration_seconds < SMOKE_BELOW_SECONDS


def reason(result: RunResult) -> str:
    """Why the run has its outcome, in a few words, and whether it was interrupted; what exactly happened is said by
    `full_reason`.
    """
    said = _reason(result)
    if result.status != "interrupted" or "interrupted" in said or cut_before_all(result):
        return said
    requests = result.measured_requests
    after = f"after {count(requests)} measured {'request' if requests == 1 else 'requests'}"
    why = _cut(result)
    return f"{said}; the run was interrupted {after}{f' ({why})' if why else ''}"


def _reason(result: RunResult) -> str:
    if result.harness.reasons:
        return "The measurement is not valid, so no figure here judges the service"
    if cut_before_all(result):
        return "Nothing was measured"
    if result.outcome is Outcome.NOT_JUDGED or not (result.verdicts or result.failed_tests):
        return "No SLO was declared: nothing was judged"
    if result.outcome is Outcome.PASS:
        return _met(result)
    tests = len(_failed_tests(result))
    said = [_judged(result, len(_deciding(result)))] if _deciding(result) else []
    said += [f"{tests} {'test' if tests == 1 else 'tests'} of the session failed"] if tests else []
    if not said:
        return f"{_met(result)}, but the run was interrupted: half of a run can fail and cannot pass"
    return "; ".join(said)


def cut_before_all(result: RunResult) -> str | None:
    """Why a run ended before its first measured request; None of any other run."""
    return None if result.measured_requests else _cut(result)


def _cut(result: RunResult) -> str | None:
    """Why a run ended before it was done, as far as that is known."""
    told = (words for words in result.warnings if words.startswith(_CUT))
    return next((words.removeprefix(_CUT) for words in told), None)


_CUT: Final = "interrupted: "


def sentence(result: RunResult, verdict: SloVerdict) -> str:
    """The verdict's sentence without the run's name, for a place that has it in its heading."""
    return verdict.sentence.removeprefix(f"{run_name(result)}: ")


def own_warnings(result: RunResult) -> tuple[str, ...]:
    """Warnings about the run but not about its prices, which stand with the cost."""
    prices = () if result.cost is None else result.cost.warnings
    return tuple(warning for warning in result.warnings if warning not in prices)


def why_missing(result: RunResult, metric: str) -> str | None:
    """Why a figure is not there, or is there and judges nothing; None where it is a figure like any other."""
    held_up = result.harness.unjudged.get(metric)
    return f"not judged: {held_up.partition(' (')[0]}" if held_up else result.unknown.get(metric)


def counted_by(source: TokenSource | None) -> str | None:
    """How the tokens of a run were counted, in words; None where the service did it."""
    return f"counted by {_COUNTERS[source]}" if source in _COUNTERS else None


_COUNTERS: Final = {TokenSource.DELTAS: "deltas", TokenSource.TOKENIZER: "the workload's tokenizer"}


def stage_label(stage: Stage) -> str:
    return stage.label[:1].upper() + stage.label[1:]


def _deciding(result: RunResult) -> tuple[SloVerdict, ...]:
    return tuple(verdict for verdict in result.verdicts if verdict.outcome is result.outcome)


def failed_tests(result: RunResult) -> list[tuple[Outcome, str]]:
    """Each outcome with the tests that failed and why: one entry for several that failed for the same reason. Without
    the tests of SLOs, whose verdicts say more.
    """
    found: dict[tuple[Outcome, str], list[str]] = {}
    for test in result.failed_tests:
        if not test.of_slo:
            found.setdefault((test.outcome, test.sentence), []).append(test.test)
    return [(outcome, f"{', '.join(tests)}: {words}") for (outcome, words), tests in found.items()]


def _failed_tests(result: RunResult) -> tuple[FailedTest, ...]:
    """Those that led to the outcome, without the tests of SLOs, whose verdicts say more."""
    return tuple(test for test in result.failed_tests if test.outcome is result.outcome and not test.of_slo)


_VERBS: Final = {
    Outcome.FAIL: "missed",
    Outcome.INCONCLUSIVE: "undecided",
    Outcome.NO_DATA: "without enough data",
    Outcome.NOT_JUDGED: "not judged",
    Outcome.INVALID: "not judged, as the measurement is not valid for it",
}


def _judged(result: RunResult, deciding: int) -> str:
    total = len(result.verdicts)
    return f"{deciding} of {total} {'SLO' if total == 1 else 'SLOs'} {_VERBS[result.outcome]}"


def _met(result: RunResult) -> str:
    total = len(result.verdicts)
    return "The one SLO is met" if total == 1 else f"All {total} SLOs are met"


_ASKED_FOR: Final = {"groundedness", "token_f1"}
"""What is known only where passages are told or answers are labelled."""


def known_answers(result: RunResult) -> list[tuple[str, Estimate]]:
    """Metrics with their means; none where nobody asked for the quality of answers."""
    means = {name: result.estimates[name].mean for name in SHARES_OF_ANSWERS if name in result.estimates}
    known = [(name, mean) for name, mean in means.items() if mean.value is not None]
    return known if {name for name, _ in known} & _ASKED_FOR else []
