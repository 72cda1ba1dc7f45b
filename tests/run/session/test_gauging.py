"""A minute of load, against a server whose capacity is known."""

from ragmeter.core.verdicts.knee import LoadStep, guess_of
from ragmeter.run.session.gauging import Gauged, gauge
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import provider, workload

STREAM = StreamScript(ttft_ms=20, itl_ms=20, tokens=8)


def gauged(url: str, *, seconds: float, most: int = 8) -> tuple[Gauged, list[LoadStep]]:
    told: list[LoadStep] = []
    found = gauge(workload(), provider(url), seconds=seconds, answer_s=0.2, most=most, told=told.append)
    return found, told


def test_what_waits_for_a_lane_is_seen_as_beyond() -> None:
    """Two streams at once: of four, half wait for a whole stream, which is many times the TTFT."""
    with GroundTruthServer(STREAM, lanes=2, process=True) as server:
        found, told = gauged(server.base_url, seconds=20)
    assert found.steps == tuple(told)
    assert [step.concurrency for step in found.steps][:2] == [1, 2]
    guess = guess_of(found.steps)
    assert guess is not None
    assert guess.above is not None
    assert guess.step.concurrency < guess.above <= 4
    assert found.trouble is None
    assert not found.interrupted


def test_no_more_than_allowed_are_sent_at_once() -> None:
    with GroundTruthServer(STREAM) as server:
        found, _ = gauged(server.base_url, seconds=20, most=1)
        sent = [truth for truth in server.truths().values() if truth.text_ns]
    assert {step.concurrency for step in found.steps} == {1}
    assert len(sent) == len(found.samples)


def test_the_time_ends_it_and_what_is_in_flight_is_neither_a_success_nor_an_error() -> None:
    with GroundTruthServer(StreamScript(ttft_ms=60_000, tokens=2)) as server:
        found, _ = gauged(server.base_url, seconds=2)
    (step,) = found.steps
    assert (step.figures.phase.success, step.figures.phase.errors, step.figures.interrupted) == (0, 0, 1)
    assert guess_of(found.steps) is None


def test_a_service_that_fails_under_load_ends_the_search() -> None:
    with GroundTruthServer() as server:
        found, _ = gauged(server.url("error_event"), seconds=10)
    assert {step.concurrency for step in found.steps} == {1}
    assert guess_of(found.steps) is None


def test_nobody_there_is_trouble() -> None:
    found, told = gauged("http://127.0.0.1:1", seconds=5)
    assert (found.steps, told) == ((), [])
    assert found.trouble is not None
    assert "cannot connect" in found.trouble
