"""What is advised of the TTFT, and when nothing is."""

from typing import Any

import pytest

from ragmeter.core.figures.advice import Advice, advice_of
from ragmeter.core.figures.attribution import attribute
from ragmeter.core.requests.records import ErrorClass, RequestSample, ServerTimings
from tests.core.samples import sample

REST: dict[str, Any] = {"queue_ms": 1.0, "embedding_ms": 2.0, "retrieval_ms": 1.0, "llm_network_ms": 0.2}


def of(
    n: int, *, ttft_ms: float = 100.0, server_ms: float = 97.0, trials: int = 1, together: bool = True, **told: Any
) -> list[RequestSample]:
    """n requests that differ by up to 4 %. told: of the LLM's 90 ms, and of the rest. together: all sent at once."""
    found = []
    for index in range(n):
        by = 1 + index % 5 / 100
        timings = {**REST, "inference_ttft_ms": 90.0, "ttft_ms": server_ms, **told}
        scaled: dict[str, Any] = {
            name: value if isinstance(value, tuple) else value * by for name, value in timings.items()
        }
        at_ms = 0.0 if together else index * 1000.0
        found.append(
            sample(
                index=index,
                at_ms=at_ms,
                ttft_ms=ttft_ms * by,
                trial=index % trials,
                rtt_us=500,
                timings=ServerTimings(**scaled),
            )
        )
    return found


QUEUED: dict[str, Any] = {"llm_queue_ms": 70.0, "llm_prefill_ms": 19.0}
READ: dict[str, Any] = {"llm_queue_ms": 9.0, "llm_prefill_ms": 80.0}
SLOW: dict[str, Any] = {"llm_queue_ms": 9.0, "llm_prefill_ms": 880.0, "inference_ttft_ms": 890.0}

SAID: dict[str, tuple[list[RequestSample], str, str]] = {
    "queueing": (
        of(14, **QUEUED), "llm_queue",
        "70 % of the mean TTFT is queueing at the LLM, at 14 requests in flight: a second replica would help, a faster "
        "network would not",
    ),
    "queueing of a lone user": (
        of(14, together=False, **QUEUED), "llm_queue",
        "70 % of the mean TTFT is queueing at the LLM, although this run had 1 in flight on average: others use the "
        "LLM server",
    ),
    "prefill": (
        of(14, **READ), "llm_prefill",
        "80 % of the mean TTFT is LLM prefill: shorter contexts or a faster GPU would help, a faster network "
        "would not",
    ),
    "the slowest, where they are enough": (
        [*of(190, **QUEUED), *of(10, ttft_ms=1000, server_ms=900, **SLOW)],
        "llm_prefill",
        "88 % of the TTFT of the slowest 5 % is LLM prefill: shorter contexts or a faster GPU would help, a "
        "faster network would not",
    ),
    "the network": (
        of(14, llm_network_ms=60.0, llm_queue_ms=9.0, llm_prefill_ms=20.0), "network",
        "60 % of the mean TTFT is network: a shorter way to the service would help",
    ),
    "retrieval": (
        of(14, retrieval_ms=60.0, inference_ttft_ms=20.0, llm_queue_ms=1.0, llm_prefill_ms=18.0), "search",
        "62 % of the mean TTFT is embedding and retrieval: a faster embedder or index would help, a faster network "
        "would not",
    ),
    "the backend's queue": (
        of(14, queue_ms=80.0, inference_ttft_ms=10.0), "queue",
        "80 % of the mean TTFT is the queue of the backend: more places in it or another replica of the backend would "
        "help, a faster network would not",
    ),
    "reasoning": (
        of(14, llm_queue_ms=9.0, llm_prefill_ms=10.0), "llm_first_decode",
        "71 % of the mean TTFT is decoding before the first text, such as reasoning: less of it or a faster GPU would "
        "help, a faster network would not",
    ),
    "a stage of another service": (
        of(14, inference_ttft_ms=20.0, further=(("rerank", 70.0),)), "rerank",
        "69 % of the mean TTFT is the stage rerank",
    ),
    "what nobody explains": (
        of(14, ttft_ms=400.0, **READ), "unexplained",
        "76 % of the mean TTFT is unexplained: nobody measured what lies between client and service",
    ),
    "the rest of the backend": (
        of(14, inference_ttft_ms=20.0), "backend_rest",
        "73 % of the mean TTFT is time in the backend that none of its stages explains",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("samples", "cause", "sentence"), SAID.values(), ids=SAID)
def test_the_cause_that_dominates_is_named(samples: list[RequestSample], cause: str, sentence: str) -> None:
    found = known(advice_of(samples))
    assert (found.cause, found.sentence) == (cause, sentence)
    assert 0.5 <= found.low <= found.high
    assert found.low - 1e-9 <= found.share_ratio <= found.high + 1e-9
    assert found.inferred == (cause in {"llm_first_decode", "unexplained", "backend_rest"})


def mixed(queued: int, read: int) -> list[RequestSample]:
    return [*of(queued, **QUEUED), *of(read, **READ)]


SILENT: dict[str, list[RequestSample]] = {
    "no requests": [],
    "one request": of(1, **QUEUED),
    "nine requests": of(9, **QUEUED),
    "no times": [sample(index=index) for index in range(20)],
    "failures": [
        sample(index=index, error=ErrorClass.TIMEOUT, timings=ServerTimings(**QUEUED)) for index in range(20)
    ],
    "an LLM that tells nothing": of(20),
    "an LLM that tells little": of(20, llm_prefill_ms=10.0),
    "no cause of half": of(20, llm_queue_ms=44.0, llm_prefill_ms=44.0),
    "an interval that reaches below a half": mixed(8, 6),
    "times that contradict themselves": of(20, llm_queue_ms=70.0, llm_prefill_ms=40.0),
}  # fmt: skip


@pytest.mark.parametrize("samples", SILENT.values(), ids=SILENT)
def test_nothing_is_said_where_nothing_can_be(samples: list[RequestSample]) -> None:
    assert advice_of(samples) is None


def test_trials_that_differ_say_less_than_their_requests() -> None:
    """Over requests the share is 55 ± 1 %; of one trial in three it is another."""
    told: tuple[dict[str, Any], ...] = (
        {"llm_queue_ms": 75.0, "llm_prefill_ms": 14.0},
        {"llm_queue_ms": 30.0, "llm_prefill_ms": 59.0},
    )
    alike = of(300, llm_queue_ms=60.0, llm_prefill_ms=29.0, trials=3)
    assert known(advice_of(alike)).cause == "llm_queue"
    differ = [
        sample(
            index=each.index, ttft_ms=100, trial=each.trial, timings=ServerTimings(**{**LLM, **told[each.trial == 2]})
        )
        for each in alike
    ]
    assert advice_of(differ) is None


LLM: dict[str, Any] = {"inference_ttft_ms": 90.0, "ttft_ms": 97.0}


def test_a_network_that_nobody_measured_is_not_ruled_out() -> None:
    samples = [sample(index=n, ttft_ms=100, timings=ServerTimings(**LLM, **QUEUED)) for n in range(14)]
    assert known(advice_of(samples)).sentence.endswith("a second replica would help")


def test_machines_that_share_no_clock_do_not_know_how_many_were_in_flight() -> None:
    samples = [sample(index=n, ttft_ms=100, clock_id=n % 2, timings=ServerTimings(**LLM, **QUEUED)) for n in range(14)]
    found = known(advice_of(samples))
    assert found.in_flight is None
    assert "in flight" not in found.sentence


def test_of_a_measurement_that_is_not_valid_nothing_is_advised() -> None:
    valid, invalid = attribute(of(14, **QUEUED)), attribute(of(14, **QUEUED), is_valid=False)
    assert valid is not None
    assert invalid is not None
    assert valid.advice is not None
    assert invalid.advice is None


def known(advice: Advice | None) -> Advice:
    assert advice is not None
    return advice
