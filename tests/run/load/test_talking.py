"""Conversations, really sent: what each turn says of those before it, when it comes, and what ends a session."""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from ragmeter.core.requests.records import ErrorClass, RequestSample
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.schedule.phases import phases
from ragmeter.run.session.measure import Conditions, measure
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.core.inputs.test_scripted_talks import made
from tests.run.cases import provider
from tests.run.recording_service import recording

SCRIPTS = [["a1", "a2", "a3"], ["b1", "b2"]]
SLOW = StreamScript(ttft_ms=20, itl_ms=2000, tokens=8)
ANSWER = "a word"


def run(url: str, **keys: Any) -> tuple[list[RequestSample], RunEnding]:
    sessions = {"turns": SCRIPTS, **keys.pop("sessions", {})}
    benchmark = {"timeout": 30, "max_output_tokens": 16, **keys.pop("benchmark", {})}
    planned = made(sessions, benchmark=benchmark, cache={"kv": "natural"}, **keys)
    conditions = Conditions(
        provider=provider(url), origin_ns=time.monotonic_ns(), keep=lambda _: None, watch=lambda: None
    )
    samples, ending = measure(planned, phases(planned), conditions)
    return sorted(samples, key=lambda each: each.index), ending


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    scripts = {"slow": SLOW}
    with GroundTruthServer(StreamScript(ttft_ms=5, itl_ms=1, tokens=4), scripts=scripts) as running:
        yield running


@pytest.mark.parametrize(
    "load",
    [{"shape": "closed"}, {"shape": "constant", "rate_per_s": 50}],
    ids=["users", "arrivals"],
)
def test_each_turn_is_sent_with_what_was_said_before(load: dict[str, Any]) -> None:
    with recording({}) as service:
        samples, ending = run(service.url, load=load, sessions={"count": 4}, benchmark={"concurrency": 2})
    assert (ending.status, [each.error for each in samples]) == ("complete", [None] * 10)
    talks: dict[str, list[dict[str, Any]]] = {}
    for body in service.bodies:
        talks.setdefault(body["session_id"], []).append(body)
    assert len(talks) == 4
    for bodies in talks.values():
        script = SCRIPTS[0] if bodies[0]["query"] == "a1" else SCRIPTS[1]
        assert [body["query"] for body in bodies] == script
        for turn, body in enumerate(bodies):
            before = [[{"role": "user", "content": asked}, _answered()] for asked in script[:turn]]
            assert body.get("history", []) == [message for pair in before for message in pair]
    assert [each.turn for each in samples[:5]] == [1, 2, 3, 1, 2]
    assert {each.session for each in samples} == set(range(4))


def _answered() -> dict[str, str]:
    return {"role": "assistant", "content": ANSWER}


def test_a_user_thinks_before_the_next_turn_and_is_never_late_for_it(server: GroundTruthServer) -> None:
    samples, _ = run(server.base_url, sessions={"think_time": 0.2}, benchmark={"concurrency": 2})
    for earlier, later in pairwise(samples):
        if later.turn != 1:
            assert later.scheduled_ns - earlier.ended_ns >= 0.2e9
            assert later.session == earlier.session


def test_users_are_as_many_as_the_concurrency_says(server: GroundTruthServer) -> None:
    samples, _ = run(server.base_url, sessions={"count": 6}, benchmark={"concurrency": 1})
    assert all(later.scheduled_ns >= earlier.ended_ns for earlier, later in pairwise(samples))


def test_an_open_loop_begins_sessions_whoever_is_still_talking(server: GroundTruthServer) -> None:
    samples, _ = run(
        server.base_url, sessions={"count": 6, "think_time": 0.5}, load={"shape": "constant", "rate_per_s": 20}
    )
    firsts = [each.scheduled_ns for each in samples if each.turn == 1]
    assert [later - earlier for earlier, later in pairwise(firsts)] == [50_000_000] * 5


def test_a_failed_turn_ends_its_session_and_no_other() -> None:
    with recording({}, failing=1) as service:
        samples, ending = run(service.url, benchmark={"concurrency": 1})
    assert ending.status == "complete"
    assert [(each.session, each.turn, each.error) for each in samples] == [
        (0, 1, ErrorClass.HTTP_STATUS), (1, 1, None), (1, 2, None),
    ]  # fmt: skip


def test_a_turn_that_is_due_after_the_phase_is_not_sent(server: GroundTruthServer) -> None:
    samples, ending = run(
        server.base_url, sessions={"think_time": 3600}, benchmark={"concurrency": 2, "duration": 3600}
    )
    assert ending.status == "complete"
    assert [(each.session, each.turn) for each in samples] == [(0, 1), (1, 1)]


@pytest.mark.parametrize("target", ["rag", "openai"])
def test_a_client_that_leaves_is_gone_for_the_service_too(server: GroundTruthServer, target: str) -> None:
    model = {"model": {"model_id": "ground-truth"}} if target == "openai" else {}
    samples, ending = run(
        server.url("slow"), target=target, leaving={"share": 1, "after": 0.3}, benchmark={"concurrency": 2}, **model
    )
    assert ending.status == "complete"
    assert [(each.error, each.error_message, each.turn) for each in samples] == [
        (ErrorClass.LEFT, "its client went away after 0.3 s", 1)
    ] * 2
    assert all(each.events_ns for each in samples)  # the first token came, and the second never
    gone = server.wait_for(lambda truth: truth.script == "slow" and truth.client_left, timeout_s=60)
    assert gone.client_left


def test_an_answer_that_is_whole_before_its_client_leaves_is_a_success(server: GroundTruthServer) -> None:
    samples, _ = run(server.base_url, leaving={"share": 1, "after": 20}, benchmark={"concurrency": 2})
    assert [each.error for each in samples] == [None] * 5


def test_conversations_go_on_in_several_processes(server: GroundTruthServer) -> None:
    from ragmeter.run.processes.workers import Workers

    planned = made({"turns": SCRIPTS, "count": 8}, benchmark={"timeout": 30, "concurrency": 4})
    with Workers(2) as workers:
        conditions = Conditions(
            provider=provider(server.base_url),
            origin_ns=time.monotonic_ns(),
            keep=lambda _: None,
            watch=lambda: None,
            workers=workers,
        )
        samples, ending = measure(planned, phases(planned), conditions)
    assert ending.status == "complete"
    assert sorted(each.index for each in samples) == list(range(20))
    assert all(each.ok for each in samples)
