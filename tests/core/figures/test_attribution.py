import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.figures.attribution import Attribution, attribute
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample, ServerTimings
from tests.core.samples import ns, sample

WHOLE = ServerTimings(queue_ms=5, embedding_ms=10, retrieval_ms=4, inference_ttft_ms=71, ttft_ms=97)


def shares(attribution: Attribution | None) -> dict[str, float]:
    assert attribution is not None
    return {stage.name: round(stage.mean_ms, 6) for stage in attribution.stages}


def test_waterfall_of_a_backend_that_reports_everything() -> None:
    attribution = attribute([sample(ttft_ms=100, timings=WHOLE, ended_ns=ns(150))])
    assert shares(attribution) == {
        "queue": 5,
        "embedding": 10,
        "retrieval": 4,
        "llm_first_token": 71,
        "backend_rest": 7,
        "unexplained": 3,
    }
    assert attribution is not None
    assert attribution.sentence == "71 % of the mean TTFT is the LLM (queue and prefill), 3 % unexplained"
    assert (attribution.n, attribution.ttft_mean_ms, attribution.decode_mean_ms) == (1, 100, 50)
    assert [stage.basis for stage in attribution.stages] == ["server"] * 4 + ["remainder"] * 2


@pytest.mark.parametrize(
    ("timings", "expected"),
    [
        (ServerTimings(retrieval_ms=4, ttft_ms=97), {"retrieval": 4, "backend_rest": 93, "unexplained": 3}),
        (ServerTimings(ttft_ms=97), {"backend_rest": 97, "unexplained": 3}),
        (ServerTimings(queue_ms=5, inference_ttft_ms=71), {"queue": 5, "llm_first_token": 71, "unexplained": 24}),
    ],
)
def test_time_of_a_stage_that_is_not_reported_stays_in_the_rest(
    timings: ServerTimings, expected: dict[str, float]
) -> None:
    assert shares(attribute([sample(ttft_ms=100, timings=timings)])) == expected


def test_a_stage_that_one_request_lacks_is_averaged_over_all() -> None:
    samples = [sample(ttft_ms=100, timings=WHOLE), sample(ttft_ms=100, timings=ServerTimings(ttft_ms=97))]
    assert shares(attribute(samples))["llm_first_token"] == 35.5


@pytest.mark.parametrize(
    "samples",
    [
        [],
        [sample()],
        [sample(timings=ServerTimings(total_ms=200, inference_ms=100))],
        [sample(timings=WHOLE, error=ErrorClass.TRUNCATED)],
    ],
    ids=["no requests", "no times", "no stage before the first token", "a failure"],
)
def test_nothing_to_attribute_is_none(samples: list[RequestSample]) -> None:
    assert attribute(samples) is None


def test_server_times_beyond_what_the_client_saw_are_shown_and_told() -> None:
    attribution = attribute([sample(ttft_ms=95, timings=WHOLE)])
    assert shares(attribution)["unexplained"] == -2
    assert attribution is not None
    assert attribution.sentence.endswith("the server's times exceed what they are part of by 2 ms (unexplained)")


def test_rounding_of_the_server_is_not_told() -> None:
    attribution = attribute([sample(ttft_ms=96.999, timings=WHOLE)])
    assert attribution is not None
    assert "exceed" not in attribution.sentence


def ramp(count: int) -> list[RequestSample]:
    """TTFT 101, 102, … ms, of which all but 30 ms is the LLM."""
    return [
        sample(index=i, ttft_ms=101.0 + i, timings=ServerTimings(inference_ttft_ms=71.0 + i, ttft_ms=96.0 + i))
        for i in range(count)
    ]


def test_tail_is_of_the_requests_at_or_above_p95() -> None:
    attribution = attribute(ramp(100))
    assert attribution is not None
    assert attribution.tail is not None
    assert attribution.tail_ttft_mean_ms == 198.0  # the mean of 196 … 200
    assert {stage.name: stage.mean_ms for stage in attribution.tail} == {
        "llm_first_token": 168.0,
        "backend_rest": 25.0,
        "unexplained": 5.0,
    }


def test_below_20_requests_there_is_no_tail() -> None:
    few, enough = attribute(ramp(19)), attribute(ramp(20))
    assert few is not None
    assert enough is not None
    assert (few.tail, few.tail_ttft_mean_ms) == (None, None)
    assert enough.tail is not None


times = st.none() | st.floats(0, 500)


@given(
    requests=st.lists(
        st.tuples(st.floats(0.001, 5000), times, times, times, times, st.none() | st.floats(0, 5000)),
        min_size=1,
        max_size=30,
    )
)
def test_stages_add_up_to_the_clients_ttft(requests: list[tuple[float | None, ...]]) -> None:
    samples = [
        sample(
            ttft_ms=ttft or 1.0,
            phase=Phase.MEASURED,
            timings=ServerTimings(queue_ms=q, embedding_ms=e, retrieval_ms=r, inference_ttft_ms=i, ttft_ms=server),
        )
        for ttft, q, e, r, i, server in requests
    ]
    attribution = attribute(samples)
    if attribution is None:
        assert all(each == (each[0], None, None, None, None, None) for each in requests)
        return
    assert sum(stage.mean_ms for stage in attribution.stages) == pytest.approx(attribution.ttft_mean_ms, abs=1e-9)
    assert sum(stage.share_ratio for stage in attribution.stages) == pytest.approx(1.0, abs=1e-6)
    if attribution.tail is not None:
        assert sum(stage.mean_ms for stage in attribution.tail) == pytest.approx(attribution.tail_ttft_mean_ms)


def test_round_trips_of_the_clients_connections_part_the_network_from_the_proxies() -> None:
    attribution = attribute([sample(ttft_ms=100, timings=WHOLE, rtt_us=1200)])
    assert shares(attribution)["client_network"] == 1.2
    assert shares(attribution)["unexplained"] == 1.8
    assert "network" not in shares(attribution)
    assert attribution is not None
    assert sum(stage.mean_ms for stage in attribution.stages) == pytest.approx(100)


def test_the_network_to_the_llm_is_taken_out_of_what_the_backend_waited_for_it() -> None:
    attribution = attribute([sample(ttft_ms=100, timings=WHOLE, rtt_us=1000)], llm_round_trip_ms=2.0)
    assert shares(attribution)["llm_network"] == 2
    assert shares(attribution)["llm_first_token"] == 69
    assert attribution is not None
    assert {stage.name: stage.basis for stage in attribution.stages} == {
        "queue": "server",
        "embedding": "server",
        "retrieval": "server",
        "llm_network": "probe",
        "llm_first_token": "server",
        "backend_rest": "remainder",
        "client_network": "client",
        "unexplained": "remainder",
    }
    assert attribution.measured_ratio == pytest.approx(0.91)
    assert attribution.sentence == (
        "69 % of the mean TTFT is the LLM (queue and prefill), 3 % network, 2 % unexplained"
    )


def test_a_probe_says_nothing_of_a_backend_that_does_not_tell_its_wait_for_the_llm() -> None:
    found = attribute([sample(ttft_ms=100, timings=ServerTimings(ttft_ms=97))], llm_round_trip_ms=2.0)
    assert shares(found) == {"backend_rest": 97, "unexplained": 3}


def test_the_slowest_have_a_sentence_of_their_own() -> None:
    slow = ServerTimings(queue_ms=5, embedding_ms=10, retrieval_ms=4, inference_ttft_ms=971, ttft_ms=997)
    samples = [sample(ttft_ms=100, timings=WHOLE) for _ in range(19)] + [sample(ttft_ms=1000, timings=slow)]
    attribution = attribute(samples)
    assert attribution is not None
    assert attribution.tail_sentence is not None
    assert attribution.tail_sentence.startswith("97 % of the TTFT of the slowest 5 % is the LLM (queue and prefill)")
    alone = attribute(samples[:2])
    assert alone is not None
    assert alone.tail_sentence is None


@given(
    st.lists(st.tuples(st.floats(20, 1e4), st.integers(1, 10_000), st.booleans()), min_size=1, max_size=30),
    st.one_of(st.none(), st.floats(0.01, 10)),
)
def test_whatever_was_measured_the_stages_add_up(rows: list[tuple[float, int, bool]], llm_ms: float | None) -> None:
    samples = [sample(ttft_ms=ttft, timings=WHOLE, rtt_us=rtt_us if known else None) for ttft, rtt_us, known in rows]
    attribution = attribute(samples, llm_ms)
    assert attribution is not None
    assert sum(stage.mean_ms for stage in attribution.stages) == pytest.approx(attribution.ttft_mean_ms)
