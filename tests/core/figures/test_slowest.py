import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.figures.slowest import SHOWN, slowest_of
from ragmeter.core.requests.records import ErrorClass, RequestSample, ServerTimings
from tests.core.samples import ns, sample

WHOLE = ServerTimings(queue_ms=5, embedding_ms=10, retrieval_ms=4, inference_ttft_ms=71, ttft_ms=97)


def waits(*ttfts_ms: float) -> list[RequestSample]:
    """Sent one a second."""
    return [sample(index=i, at_ms=1000.0 * i, ttft_ms=ttft_ms) for i, ttft_ms in enumerate(ttfts_ms)]


def test_the_longest_wait_for_a_first_token_comes_first() -> None:
    found = slowest_of(waits(100, 300, 200))
    assert [(one.index, one.ttft_rank, one.t_s) for one in found] == [(1, 1, 1.0), (2, 2, 2.0), (0, 3, 0.0)]


def test_a_request_that_is_slow_by_its_end_alone_is_listed_behind() -> None:
    long = sample(index=99, ttft_ms=1, gaps_ms=(5000,))
    found = slowest_of([*waits(*range(100, 100 + SHOWN)), long])
    assert len(found) == SHOWN + 1
    assert (found[-1].index, found[-1].ttft_rank, found[-1].elapsed_rank) == (99, None, 1)
    assert found[0].elapsed_rank == 2


def test_a_request_that_timed_out_is_slow_by_its_whole_time_alone() -> None:
    lost = sample(index=7, events_ns=(), ended_ns=ns(9000), error=ErrorClass.TIMEOUT, output_tokens=None)
    slow = slowest_of([*waits(100, 200), lost])[-1]
    assert (slow.index, slow.ttft_rank, slow.elapsed_rank) == (7, None, 1)
    assert (slow.ttft_ms, slow.elapsed_ms, slow.error) == (None, 9000, "timeout")


def test_a_request_whose_connection_never_came_up_counts_from_its_schedule() -> None:
    refused = sample(index=3, sent_ns=None, events_ns=(), ended_ns=ns(40), error=ErrorClass.CONNECT)
    assert slowest_of([refused])[0].elapsed_ms == 40


def test_what_we_ended_ourselves_is_not_slow() -> None:
    ended = sample(index=5, ttft_ms=9000, error=ErrorClass.INTERRUPTED)
    assert [one.index for one in slowest_of([*waits(100), ended])] == [0]


def test_no_request_has_none() -> None:
    assert slowest_of([]) == ()


@pytest.mark.parametrize(
    ("slow", "expected"),
    [
        (
            sample(timings=WHOLE, ttft_ms=100, gaps_ms=(20, 30)),
            {"queue": 5, "embedding": 10, "retrieval": 4, "llm_first_token": 71, "backend_rest": 7, "unexplained": 3}
            | {"decode": 50},
        ),
        (sample(ttft_ms=100, gaps_ms=(20, 30)), {"unexplained": 100, "decode": 50}),
        (
            sample(
                timings=ServerTimings(queue_ms=5, embedding_ms=10, retrieval_ms=4),
                events_ns=(),
                ended_ns=ns(1000),
                error=ErrorClass.TIMEOUT,
            ),
            {"queue": 5, "embedding": 10, "retrieval": 4, "no_first_token": 981},
        ),
        (
            sample(timings=WHOLE, ttft_ms=100, gaps_ms=(), ended_ns=ns(130), error=ErrorClass.TRUNCATED),
            {"queue": 5, "embedding": 10, "retrieval": 4, "llm_first_token": 71, "backend_rest": 7, "unexplained": 3}
            | {"decode": 30},
        ),
    ],
    ids=["all told", "nothing told", "no token came", "cut off"],
)
def test_stages_say_where_the_time_of_one_request_went(slow: RequestSample, expected: dict[str, float]) -> None:
    (found,) = slowest_of([slow])
    assert {stage.name: round(stage.mean_ms, 6) for stage in found.stages} == expected


def test_the_network_to_the_llm_is_taken_out_of_its_stage() -> None:
    (found,) = slowest_of([sample(timings=WHOLE, ttft_ms=100)], None, 2.0)
    times = {stage.name: stage.mean_ms for stage in found.stages}
    assert (times["llm_network"], times["llm_first_token"]) == (2, 69)


def test_a_trace_has_an_address_where_the_provider_file_says_how() -> None:
    traced = sample(trace_id="4bf92f3577b34da6a3ce929d0e0e4736")
    (plain,), (linked,) = slowest_of([traced]), slowest_of([traced], "https://tracer.example/trace/{trace_id}?tab=1")
    assert plain.trace_url is None
    assert linked.trace_url == "https://tracer.example/trace/4bf92f3577b34da6a3ce929d0e0e4736?tab=1"


def test_a_request_without_a_trace_has_no_address() -> None:
    assert slowest_of([sample()], "https://tracer.example/{trace_id}")[0].trace_url is None


durations = st.lists(st.tuples(st.floats(1, 1e5), st.floats(0, 1e5), st.booleans()), max_size=40)


@given(durations)
def test_shares_of_one_request_add_up_and_ranks_are_whole(times: list[tuple[float, float, bool]]) -> None:
    samples = [
        sample(index=i, ttft_ms=first, gaps_ms=(rest,), error=ErrorClass.TIMEOUT if failed else None)
        for i, (first, rest, failed) in enumerate(times)
    ]
    found = slowest_of(samples)
    expected = list(range(1, min(len(times), SHOWN) + 1))
    assert [one.ttft_rank for one in found if one.ttft_rank] == expected
    assert sorted(one.elapsed_rank for one in found if one.elapsed_rank) == expected
    for one in found:
        assert sum(stage.share_ratio for stage in one.stages) == pytest.approx(1)
