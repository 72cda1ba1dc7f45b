"""The LLM's part of the TTFT, split as far as its server tells."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.figures.attribution import attribute
from ragmeter.core.figures.stages import LABELS, Basis
from ragmeter.core.requests.records import ServerTimings
from ragmeter.core.requests.stage_names import OURS
from tests.core.samples import sample

BACKEND: dict[str, Any] = {
    "queue_ms": 5.0,
    "embedding_ms": 10.0,
    "retrieval_ms": 4.0,
    "inference_ttft_ms": 71.0,
    "ttft_ms": 97.0,
}
LLM = ("llm_network", "llm_queue", "llm_prefill", "llm_first_decode", "llm_rest", "llm_first_token")

TOLD: dict[str, tuple[dict[str, Any], float | None, dict[str, tuple[float, Basis]]]] = {
    "nothing": ({}, None, {"llm_first_token": (71, "server")}),
    "nothing, with a probe": ({}, 2.0, {"llm_network": (2, "probe"), "llm_first_token": (69, "server")}),
    "the network": (
        {"llm_network_ms": 1}, None, {"llm_network": (1, "server"), "llm_first_token": (70, "server")},
    ),
    "queue and prefill": (
        {"llm_queue_ms": 30, "llm_prefill_ms": 40}, None,
        {"llm_queue": (30, "server"), "llm_prefill": (40, "server"), "llm_first_decode": (1, "remainder")},
    ),
    "all, which outdoes a probe": (
        {"llm_network_ms": 1, "llm_queue_ms": 30, "llm_prefill_ms": 40}, 2.0,
        {
            "llm_network": (1, "server"), "llm_queue": (30, "server"), "llm_prefill": (40, "server"),
            "llm_first_decode": (0, "remainder"),
        },
    ),
    "prefill alone": (
        {"llm_prefill_ms": 40}, None, {"llm_prefill": (40, "server"), "llm_rest": (31, "remainder")},
    ),
    "prefill alone, with a probe": (
        {"llm_prefill_ms": 40}, 2.0,
        {"llm_network": (2, "probe"), "llm_prefill": (40, "server"), "llm_rest": (29, "remainder")},
    ),
    "queue alone": ({"llm_queue_ms": 30}, None, {"llm_queue": (30, "server"), "llm_rest": (41, "remainder")}),
    "zeros": (
        {"llm_network_ms": 0, "llm_queue_ms": 0, "llm_prefill_ms": 0}, None,
        {
            "llm_network": (0, "server"), "llm_queue": (0, "server"), "llm_prefill": (0, "server"),
            "llm_first_decode": (71, "remainder"),
        },
    ),
    "more than the backend waited": (
        {"llm_queue_ms": 30, "llm_prefill_ms": 44}, None,
        {"llm_queue": (30, "server"), "llm_prefill": (44, "server"), "llm_first_decode": (-3, "remainder")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("told", "probe_ms", "expected"), TOLD.values(), ids=TOLD)
def test_what_is_told_is_a_stage_and_what_is_left_is_inferred(
    told: dict[str, Any], probe_ms: float | None, expected: dict[str, tuple[float, Basis]]
) -> None:
    found = attribute([sample(ttft_ms=100, timings=ServerTimings(**BACKEND, **told))], probe_ms)
    assert found is not None
    assert {at.name: (round(at.mean_ms, 6), at.basis) for at in found.stages if at.name in LLM} == expected
    assert sum(at.mean_ms for at in found.stages) == pytest.approx(100)


def test_times_beyond_what_the_backend_waited_are_told() -> None:
    timings = ServerTimings(**BACKEND, llm_queue_ms=30, llm_prefill_ms=44)
    found = attribute([sample(ttft_ms=100, timings=timings)])
    assert found is not None
    assert found.sentence.endswith("exceed what they are part of by 3 ms (decoding until the first text)")


def test_a_server_that_is_measured_without_a_backend_is_split_as_far_as_it_tells() -> None:
    timings = ServerTimings(llm_prefill_ms=60, llm_decode_ms=15)
    found = attribute([sample(ttft_ms=100, rtt_us=1000, timings=timings)])
    assert found is not None
    assert {at.name: at.mean_ms for at in found.stages} == {
        "llm_prefill": 60,
        "client_network": 1,
        "unexplained": 39,
    }
    assert (found.llm_decode_mean_ms, found.decode_mean_ms) == (15, 20)


def test_requests_of_which_some_are_split_still_add_up() -> None:
    split = ServerTimings(**BACKEND, llm_queue_ms=30, llm_prefill_ms=41)
    found = attribute([sample(ttft_ms=100, timings=split), sample(ttft_ms=100, timings=ServerTimings(**BACKEND))])
    assert found is not None
    assert {at.name: at.mean_ms for at in found.stages if at.name in LLM} == {
        "llm_queue": 15,
        "llm_prefill": 20.5,
        "llm_first_decode": 0,
        "llm_first_token": 35.5,
    }
    assert found.llm_decode_mean_ms is None


def test_decoding_that_one_request_does_not_tell_has_no_mean() -> None:
    told = ServerTimings(**BACKEND, llm_decode_ms=10)
    found = attribute([sample(timings=told), sample(timings=ServerTimings(**BACKEND))])
    assert found is not None
    assert found.llm_decode_mean_ms is None


@pytest.mark.parametrize(
    ("gaps_ms", "stalled_ms"),
    [((10, 10, 10, 100), 100), ((10, 10, 10, 10), 0), ((10,), None), ((), None)],
)
def test_stalls_are_what_the_client_saw_of_them(gaps_ms: tuple[float, ...], stalled_ms: float | None) -> None:
    found = attribute([sample(gaps_ms=gaps_ms, timings=ServerTimings(**BACKEND))])
    assert found is not None
    assert found.stalled_mean_ms == (None if stalled_ms is None else pytest.approx(stalled_ms))


def test_further_stages_are_shown_under_their_own_names_in_their_order() -> None:
    timings = ServerTimings(**BACKEND, further=(("rewrite", 2.0), ("rerank", 3.0)), later=(("guard", 8.0),))
    found = attribute([sample(ttft_ms=100, timings=timings)])
    assert found is not None
    names = [at.name for at in found.stages]
    assert names == [
        "queue", "embedding", "retrieval", "rewrite", "rerank", "llm_first_token", "backend_rest", "unexplained",
    ]  # fmt: skip
    stages = {at.name: (at.label, at.mean_ms, at.basis) for at in found.stages}
    assert stages["rewrite"] == ("rewrite", 2.0, "server")
    assert stages["backend_rest"][1] == 2.0
    assert [(at.name, at.mean_ms) for at in found.later] == [("guard", 8.0)]


def test_a_further_stage_alone_is_something_to_attribute() -> None:
    found = attribute([sample(ttft_ms=100, timings=ServerTimings(further=(("tools", 30.0),)))])
    assert found is not None
    assert {at.name: at.mean_ms for at in found.stages} == {"tools": 30.0, "unexplained": 70.0}


def test_no_other_stage_can_be_called_like_one_of_ours() -> None:
    assert {*LABELS, "no_first_token", "decode"} == OURS


times = st.none() | st.floats(0, 500)


@given(st.lists(st.tuples(times, times, times, times, times), min_size=1, max_size=20), st.none() | st.floats(0, 9))
def test_whatever_is_told_the_stages_add_up(rows: list[tuple[float | None, ...]], probe_ms: float | None) -> None:
    samples = [
        sample(
            ttft_ms=100,
            timings=ServerTimings(
                ttft_ms=97,
                inference_ttft_ms=whole,
                llm_network_ms=network,
                llm_queue_ms=queue,
                llm_prefill_ms=prefill,
                further=() if more is None else (("rerank", more),),
            ),
        )
        for whole, network, queue, prefill, more in rows
    ]
    found = attribute(samples, probe_ms)
    assert found is not None
    assert sum(stage.mean_ms for stage in found.stages) == pytest.approx(100, abs=1e-6)
    assert len({stage.name for stage in found.stages}) == len(found.stages)
