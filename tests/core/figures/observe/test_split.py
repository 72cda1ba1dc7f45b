"""The LLM's part of the TTFT by its servers' histograms: exact where they are of these requests, bounded where not."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.figures.attribution import attribute
from ragmeter.core.figures.observe.mean_bounds import mean_bounds
from ragmeter.core.figures.observe.told import Histogram
from ragmeter.core.requests.records import RequestSample, ServerTimings
from tests.core.samples import sample

BOUNDS = (10.0, 20.0, 40.0, 80.0)
BACKEND = ServerTimings(queue_ms=0.0, embedding_ms=10.0, retrieval_ms=5.0, inference_ttft_ms=80.0, ttft_ms=97.0)


def counted(values: Sequence[float]) -> Histogram:
    counts = [(bound, float(sum(value <= bound for value in values))) for bound in BOUNDS]
    return Histogram(total=sum(values), count=len(values), counts=(*counts, (math.inf, float(len(values)))))


@given(st.lists(st.floats(0, 200), min_size=1, max_size=30), st.data())
def test_the_bounds_hold_for_every_choice_of_requests(values: list[float], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(range(len(values))), min_size=1, unique=True))
    found = mean_bounds(counted(values), len(chosen))
    assert found is not None
    mean = sum(values[at] for at in chosen) / len(chosen)
    assert found.low - 1e-6 <= mean <= (math.inf if found.high is None else found.high) + 1e-6
    assert found.low <= found.mean <= (math.inf if found.high is None else found.high)
    assert found.is_exact or len(chosen) < len(values)


@pytest.mark.parametrize(
    ("values", "n", "expected"),
    [
        ([5, 15, 100], 3, (40.0, 40.0, 40.0)),
        ([5, 15, 100], 4, None),
        ([5, 15, 100], 0, None),
        ([], 1, None),
        ([5, 15, 30, 30], 2, (20.0, 5.0, 35.0)),
        ([0, 0, 0, 0], 2, (0.0, 0.0, 0.0)),
    ],
)
def test_the_mean_and_its_bounds(values: list[float], n: int, expected: tuple[float, float, float] | None) -> None:
    at = mean_bounds(counted(values), n)
    assert (None if at is None else (at.mean, at.low, at.high)) == pytest.approx(expected)
    assert mean_bounds(None, 1) is None


def test_without_buckets_the_sum_alone_bounds_it() -> None:
    at = mean_bounds(Histogram(total=100.0, count=4), 2)
    assert at is not None
    assert (at.mean, at.low, at.high) == (25.0, 0.0, 50.0)


def asked(n: int, timings: ServerTimings = BACKEND) -> list[RequestSample]:
    return [sample(index=index, ttft_ms=100, timings=timings) for index in range(n)]


def stages(requests: Sequence[RequestSample], **histograms: Sequence[float]) -> dict[str, tuple[float, str]]:
    found = attribute(requests, histograms={f"{name}_ms": counted(values) for name, values in histograms.items()})
    assert found is not None
    assert sum(stage.mean_ms for stage in found.stages) == pytest.approx(found.ttft_mean_ms)
    return {at.name: (round(at.mean_ms, 6), at.basis) for at in found.stages if at.name.startswith("llm_")}


def test_histograms_of_exactly_these_requests_are_measured() -> None:
    assert stages(asked(2), llm_queue=[10, 30], llm_prefill=[40, 60]) == {
        "llm_queue": (20.0, "histogram"),
        "llm_prefill": (50.0, "histogram"),
        "llm_first_decode": (10.0, "remainder"),
    }
    assert stages(asked(2), llm_queue=[10, 30], llm_prefill=[40, 60], llm_ttft=[54, 94]) == {
        "llm_queue": (20.0, "histogram"),
        "llm_prefill": (50.0, "histogram"),
        "llm_rest": (4.0, "remainder"),
        "llm_first_decode": (6.0, "remainder"),
    }
    assert stages(asked(2), llm_queue=[10, 30], llm_ttft=[54, 94]) == {
        "llm_queue": (20.0, "histogram"),
        "llm_rest": (54.0, "remainder"),
        "llm_first_decode": (6.0, "remainder"),
    }, "SGLang has no histogram of prefill"


def test_histograms_with_requests_of_others_are_bounds() -> None:
    requests = asked(2)
    found = attribute(requests, histograms={"llm_queue_ms": counted([15, 15, 90])})
    assert found is not None
    (queue,) = (at for at in found.stages if at.name == "llm_queue")
    assert (queue.basis, queue.low_ms, queue.mean_ms, queue.high_ms) == ("bounded", 10.0, 40.0, 55.0)
    assert found.bounded_ratio == pytest.approx(0.4)
    assert found.llm_split is not None
    assert "have 3 requests, of which these 2 are a part" in found.llm_split


def test_histograms_that_lack_requests_split_nothing_and_say_so() -> None:
    found = attribute(asked(3), histograms={"llm_queue_ms": counted([10, 30])})
    assert found is not None
    assert [at.name for at in found.stages if at.name.startswith("llm_")] == ["llm_first_token"]
    assert found.llm_split == (
        "the LLM's part is not split: its servers' histograms have 2 requests of 3, so a replica is not observed"
    )


def test_what_is_told_of_each_request_goes_before_histograms() -> None:
    told = ServerTimings(inference_ttft_ms=80.0, llm_queue_ms=30.0, llm_prefill_ms=50.0, ttft_ms=97.0)
    assert stages(asked(2, told), llm_queue=[1, 1], llm_prefill=[1, 1])["llm_queue"] == (30.0, "server")


def test_an_llm_without_a_service_is_split_by_its_histograms_alone() -> None:
    requests = asked(2, ServerTimings())
    assert attribute(requests) is None
    assert attribute(requests, histograms={"llm_decode_ms": counted([1, 1])}) is None
    assert stages(requests, llm_queue=[10, 30], llm_prefill=[40, 60], llm_ttft=[54, 94]) == {
        "llm_queue": (20.0, "histogram"),
        "llm_prefill": (50.0, "histogram"),
        "llm_rest": (4.0, "remainder"),
    }


def test_of_the_slowest_only_bounds_are_known() -> None:
    requests = [sample(index=index, ttft_ms=100 + index, timings=BACKEND) for index in range(40)]
    found = attribute(requests, histograms={"llm_queue_ms": counted([5] * 38 + [30, 60])})
    assert found is not None
    assert found.tail is not None
    assert {at.name for at in found.tail if at.name.startswith("llm_")} == {"llm_first_token"}
    (queue,) = found.tail_bounds
    assert (queue.name, queue.low_ms, queue.high_ms) == ("llm_queue", 0.0, 60.0)


def test_of_the_slowest_that_nobody_told_of_there_is_no_waterfall() -> None:
    requests = [sample(index=index, ttft_ms=100 + index, timings=ServerTimings()) for index in range(40)]
    found = attribute(requests, histograms={"llm_queue_ms": counted([5] * 38 + [30, 60])})
    assert found is not None
    assert (found.tail, found.tail_ttft_mean_ms, found.tail_sentence) == (None, None, None)
    assert [at.name for at in found.tail_bounds] == ["llm_queue"]
