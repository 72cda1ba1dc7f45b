"""What the service says of its requests, against what the client measured of the same ones.

The LLM is a fake that waits as long as it is told, so that there are many requests in little time; the service, its
embedder, the suite and its client are real.
"""

import math
import time
from dataclasses import dataclass
from itertools import count
from statistics import median

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ragmeter.core.requests.records import RequestSample
from tests.backend.documents import GUIDE
from tests.backend.fake_llm import FakeLlm, Reply
from tests.backend.running import Backend
from tests.backend.suite import run_suite

REQUESTS = 120
FIGURES = ("ttft", "total")
HISTOGRAMS = {"ttft": ("rag_ttft_seconds", {}), "total": ("rag_latency_seconds", {"stage": "total"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One run as both sides saw it, in ms. buckets: upper bounds with their cumulative counts."""

    client: dict[str, list[float]]
    server: dict[str, list[float]]
    buckets: dict[str, list[tuple[float, int]]]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    folder, fake, turns = tmp_path_factory.mktemp("agreement"), FakeLlm(), count()

    def answer(reply: Reply) -> None:
        time.sleep(0.02 + 0.007 * (next(turns) * 17 % 40))  # 20 to 293 ms, in no order
        reply.words("one", "two", "three")
        reply.end()

    fake.script = answer
    backend = Backend(data_dir=folder / "index", llm_url=fake.url)
    try:
        backend.ingest({"guide.md": GUIDE})
        samples = run_suite(folder, backend.url, requests=REQUESTS)
        page = backend.http.get("/metrics").text
    finally:
        backend.close()
        fake.close()
    assert len(samples) == REQUESTS
    assert all(sample.ok for sample in samples)
    return Observed(
        client={
            "ttft": [(at.events_ns[0] - sent_ns(at)) / 1e6 for at in samples],
            "total": [(at.ended_ns - sent_ns(at)) / 1e6 for at in samples],
        },
        server={
            "ttft": [known(at.timings.ttft_ms) for at in samples],
            "total": [known(at.timings.total_ms) for at in samples],
        },
        buckets={figure: buckets_of(page, *HISTOGRAMS[figure]) for figure in FIGURES},
    )


def sent_ns(sample: RequestSample) -> int:
    assert sample.sent_ns is not None
    return sample.sent_ns


def known(value: float | None) -> float:
    assert value is not None
    return value


def buckets_of(page: str, histogram: str, labels: dict[str, str]) -> list[tuple[float, int]]:
    """Upper bounds in ms."""
    family = next(at for at in text_string_to_metric_families(page) if at.name == histogram)
    chosen = [at for at in family.samples if at.name.endswith("_bucket") and labels.items() <= at.labels.items()]
    return sorted((float(at.labels["le"]) * 1e3, int(at.value)) for at in chosen)


def bucket_at(buckets: list[tuple[float, int]], rank: int) -> tuple[float, float]:
    """The bounds of the bucket that holds the value of this rank, from 1."""
    low = 0.0
    for bound, cumulative in buckets:
        if cumulative >= rank:
            return low, bound
        low = bound
    raise AssertionError(f"{rank} is more than was counted")


def network_ms(observed: Observed, figure: str) -> list[float]:
    """What the client measured beyond what the server says, of each request."""
    return [mine - theirs for mine, theirs in zip(observed.client[figure], observed.server[figure], strict=True)]


@pytest.mark.parametrize("figure", FIGURES)
def test_the_histogram_counts_each_request_in_the_bucket_of_its_timings(observed: Observed, figure: str) -> None:
    for bound, cumulative in observed.buckets[figure]:
        assert cumulative == sum(value <= bound for value in observed.server[figure])


@pytest.mark.parametrize("q", [0.5, 0.95])
@pytest.mark.parametrize("figure", FIGURES)
def test_client_and_server_agree_within_the_bucket_and_the_networks_share(
    observed: Observed, figure: str, q: float
) -> None:
    rank = math.ceil(q * REQUESTS)
    low, high = bucket_at(observed.buckets[figure], rank)
    share = max(map(abs, network_ms(observed, figure)))
    assert low - share <= sorted(observed.client[figure])[rank - 1] <= high + share


@pytest.mark.parametrize("figure", FIGURES)
def test_the_networks_share_on_loopback_is_a_small_part(observed: Observed, figure: str) -> None:
    assert 0 <= median(network_ms(observed, figure)) < 0.1 * median(observed.client[figure])
