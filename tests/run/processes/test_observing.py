"""The observing process: what it reads at the edges of a span and in its seconds, and what it says of servers that are
slow, gone or begin anew. A small server of the test stands in for an LLM server; tests/backend has the real one.
"""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from ragmeter.clients.observe.source import MetricsSource
from ragmeter.core.figures.observe.records import Reading, Span
from ragmeter.core.figures.observe.watched import watched
from ragmeter.core.requests.records import Phase
from ragmeter.run.processes.observing import Observation, Observer
from tests.run.http_fake import Answer, serving
from tests.waiting import wait_until

SPAN = Span(phase=Phase.MEASURED, trial=2)
PAGE = "llamacpp:requests_processing 2\nllamacpp:prompt_tokens_total 70\nllamacpp:prompt_tokens_cached_total 30\n"
GONE = "http://127.0.0.1:1/metrics"


@pytest.fixture(scope="module")
def observer() -> Iterator[Observer]:
    with Observer() as found:
        yield found


def observed(observer: Observer, urls: Sequence[str], *, until_ticks: int = 0) -> list[Reading]:
    """The readings of one span, which lasts until every source was read so often in it."""
    observation = Observation(observer, [MetricsSource(url=url) for url in urls], time.monotonic_ns())

    async def span() -> list[Reading]:
        found = await observation.begin(SPAN)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and any(_ticks(found, url) < until_ticks for url in urls):
            await asyncio.sleep(0.05)
            found += observation.taken()
        return [*found, *await observation.end(SPAN)]

    return asyncio.run(span())


def _ticks(readings: Sequence[Reading], url: str) -> int:
    return sum(each.source == url and each.edge is None for each in readings)


def test_each_source_is_read_at_both_edges_and_in_between(observer: Observer) -> None:
    with serving({"/metrics": Answer(body=PAGE)}) as fake:
        urls = [f"{fake.url}/metrics", GONE]
        found = observed(observer, urls, until_ticks=2)
        assert set(fake.paths) == {"/metrics"}
        assert all(headers["accept"].startswith("text/plain") for _, headers in fake.asked)
    of_one = [each for each in found if each.source == urls[0]]
    assert [each.edge for each in of_one] == ["begin", *[None] * (len(of_one) - 2), "end"]
    assert [each.at_ns for each in of_one] == sorted(each.at_ns for each in of_one)
    ticks = [each.tick for each in of_one if each.edge is None]
    assert ticks == sorted(set(ticks)), "a place in the span is read once"
    assert all(each.failure is None and each.took_ns > 0 and len(each.samples) == 3 for each in of_one)
    assert sum(each.cpu_ns for each in found) > 0, "what observing costs is measured"
    gone = [each for each in found if each.source == GONE]
    assert {each.failure for each in gone} == {"cannot be reached: ConnectError"}
    assert all(each.samples == () for each in gone)
    one, other = watched(found)
    assert (one.uncounted, one.grown("prompt_tokens")) == (None, 0.0)
    assert other.uncounted == "not read right before the load: cannot be reached: ConnectError"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Answer(status=404, body="nothing"), "HTTP 404"),
        (Answer(status=302, body="elsewhere"), "HTTP 302"),
        (Answer(body="vllm:num_requests_running{ broken"), "not Prometheus text"),
        (Answer(body="x" * (8 * 2**20 + 1)), "longer than 8 MiB"),
        (Answer(body=PAGE, after_s=5.0), "no answer within 3 s"),
    ],
    ids=["404", "redirect", "damaged", "long", "slow"],
)
def test_a_page_that_cannot_be_read_is_a_reading_that_says_why(
    answer: Answer, failure: str, observer: Observer
) -> None:
    with serving({"/metrics": answer}) as fake:
        first, last = observed(observer, [f"{fake.url}/metrics"])
    assert (first.failure or "").startswith(failure)
    assert (last.failure or "").startswith(failure)
    assert first.samples == last.samples == ()


def test_a_span_that_is_dropped_leaves_nothing_to_the_next(observer: Observer) -> None:
    with serving({"/metrics": Answer(body=PAGE)}) as fake:
        observation = Observation(observer, [MetricsSource(url=f"{fake.url}/metrics")], 0)
        asyncio.run(observation.begin(Span(phase=Phase.WARMUP)))
        observation.drop()
        found = observed(observer, [f"{fake.url}/metrics"])
    assert {each.span for each in found} == {SPAN}


def test_an_observer_that_dies_leaves_gaps_that_are_said_and_no_thread() -> None:
    before = threading.active_count()
    with serving({"/metrics": Answer(body=PAGE)}) as fake, Observer() as observer:
        url = f"{fake.url}/metrics"
        observation = Observation(observer, [MetricsSource(url=url)], 0)

        async def span() -> list[Reading]:
            begin = await observation.begin(SPAN)
            assert observer._child is not None
            await asyncio.to_thread(observer._child.stop)
            return [*begin, *await observation.end(SPAN)]

        *_, last = asyncio.run(span())
        assert (last.edge, last.failure) == ("end", "the observing process has ended")
        (again,) = asyncio.run(observation.begin(SPAN))
        assert again.failure == "the observing process has ended"
    assert threading.active_count() <= before


def test_headers_of_the_service_are_sent_and_never_shown(observer: Observer) -> None:
    with serving({"/metrics": Answer(body=PAGE)}) as fake:
        source = MetricsSource(url=f"{fake.url}/metrics", headers={"authorization": "Bearer s3cret-token"})
        assert "s3cret" not in repr(source)
        observation = Observation(observer, [source], 0)
        asyncio.run(observation.begin(SPAN))
        observation.drop()
        assert fake.asked[0][1]["authorization"] == "Bearer s3cret-token"


def test_source_gets_the_headers_that_let_it_in_now(observer: Observer) -> None:
    """Also while a span lasts: a token does not live as long as a run."""
    with serving({"/metrics": Answer(body=PAGE)}) as fake:
        source = MetricsSource(url=f"{fake.url}/metrics", headers={"authorization": "Bearer of before"})
        observation = Observation(observer, [source], 0)

        def letting_in() -> set[str]:
            return {headers["authorization"] for _, headers in list(fake.asked)}

        async def span() -> None:
            await observation.begin(SPAN)
            observation.renew([replace(source, headers={"authorization": "Bearer of now"})])
            await asyncio.to_thread(wait_until, lambda: "Bearer of now" in letting_in(), 60)
            await observation.end(SPAN)

        asyncio.run(span())
        assert fake.asked[0][1]["authorization"] == "Bearer of before"
        assert fake.asked[-1][1]["authorization"] == "Bearer of now"
