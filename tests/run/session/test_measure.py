"""One run: every request is kept, and a run that ends early says why."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ragmeter.core.campaign.events import Event, PhaseStarted, RequestEnded, RequestStarted, Tick
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.traces import Lengths, TracedRequest
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.core.run.plan import CTRL_C, RunEnding
from ragmeter.core.schedule.phases import phases, trial
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.run.load.loader import ClientLoad
from ragmeter.run.load.single import ask
from ragmeter.run.load.standstill import Standstill
from ragmeter.run.session.measure import Conditions, _Run, measure
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import provider, workload
from tests.run.single_threaded import single_threaded
from tests.waiting import ctrl_c_when

TRACE = (TracedRequest(at_s=0.0, lengths=Lengths(input_tokens=5, output_tokens=5)),) * 3
SCRIPTS = {"slow": StreamScript(ttft_ms=150, itl_ms=5, tokens=4)}


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(StreamScript(ttft_ms=5, itl_ms=1, tokens=4), scripts=SCRIPTS) as running:
        yield running


@dataclass(slots=True)
class Heard:
    """A listener that writes down what it hears."""

    phases: list[tuple[Phase, int]] = field(default_factory=list)
    sent: int = 0
    samples: list[RequestSample] = field(default_factory=list)
    ticks: int = 0

    def __call__(self, event: Event) -> None:
        match event:
            case PhaseStarted():
                self.phases.append((event.phase, event.requests))
            case RequestStarted():
                self.sent += 1
            case RequestEnded():
                self.samples.append(event.sample)
            case Tick():
                self.ticks += 1


def run(
    url: str,
    planned: Workload,
    *,
    watch: Callable[[], str | None] = lambda: None,
    heard: Heard | None = None,
    plans: Sequence[PhasePlan] | None = None,
    **to: Any,
) -> tuple[tuple[RequestSample, ...], RunEnding]:
    kept: list[RequestSample] = []
    origin_ns = time.monotonic_ns()
    conditions = Conditions(
        provider=provider(url, **to), origin_ns=origin_ns, keep=kept.append, watch=watch, emit=heard or Heard()
    )
    samples, ending = measure(planned, phases(planned) if plans is None else plans, conditions)
    assert tuple(kept) == samples
    return samples, ending


def test_warmup_and_trials_are_run_in_order_and_told_to_the_listener(server: GroundTruthServer) -> None:
    heard = Heard()
    samples, ending = run(server.base_url, workload(warmup_requests=3, trials=2), heard=heard)
    assert ending.status == "complete"
    assert ending.client_cpu_ratio is not None
    assert heard.phases == [(Phase.WARMUP, 3), (Phase.MEASURED, 4), (Phase.MEASURED, 4)]
    assert [(s.phase, s.trial) for s in samples] == [(Phase.WARMUP, 0)] * 3 + [(Phase.MEASURED, 0)] * 4 + [
        (Phase.MEASURED, 1)
    ] * 4
    assert sorted(s.index for s in samples) == list(range(11))
    assert heard.sent == len(heard.samples) == 11
    assert all(sample.ok and sample.output_tokens == 4 for sample in samples)


def test_times_are_of_one_clock_from_the_origin(server: GroundTruthServer) -> None:
    began_ns = time.monotonic_ns()
    samples, _ = run(server.base_url, workload())
    passed_ns = time.monotonic_ns() - began_ns
    for sample in samples:
        assert sample.sent_ns is not None
        assert 0 <= sample.scheduled_ns <= sample.sent_ns <= sample.events_ns[0] <= sample.ended_ns <= passed_ns


def test_part_of_a_workload_can_be_run_by_itself(server: GroundTruthServer) -> None:
    heard = Heard()
    planned = workload(warmup_requests=3, trials=2)
    samples, ending = run(server.base_url, planned, plans=trial(planned, 1), heard=heard)
    assert ending.status == "complete"
    assert heard.phases == [(Phase.MEASURED, 4)]
    assert sorted((s.index, s.trial) for s in samples) == [(7, 1), (8, 1), (9, 1), (10, 1)]


def test_open_loop_that_is_shorter_than_its_first_gap_measures_nothing(server: GroundTruthServer) -> None:
    planned = workload(shape="poisson", rate_per_s=0.001, requests=5, concurrency=None, duration_s=0.01)
    samples, ending = run(server.base_url, planned)
    assert samples == ()
    assert ending.status == "complete"


def test_what_a_capture_missed_is_told() -> None:
    """With counts made up: `tests/clients/capture/test_capture_link.py` has rings that miss packets and connections."""
    conditions = Conditions(provider=provider(), origin_ns=0, keep=lambda _: None, watch=lambda: None)
    loads = [ClientLoad(cpu_s=0.1, wall_s=1.0, dropped_packets=n, uncaptured_connections=2) for n in (0, 3)]
    part = _Run(workload(), (), conditions, ())
    part._note_losses(trial(workload(), 0)[0], loads)
    assert part._not_fit == ["the capture ring overflowed: 3 packets dropped in trial 1"]
    assert [warning.partition(",")[0] for warning in part._warnings] == [
        "trial 1: the capture did not see 4 connections open"
    ]


def test_a_load_process_that_stood_still_is_not_fit() -> None:
    conditions = Conditions(provider=provider(), origin_ns=0, keep=lambda _: None, watch=lambda: None)
    stood = Standstill(late_s=5.0, stopped_s=5.0, longest_s=5.0)
    loads = [ClientLoad(cpu_s=0.1, wall_s=10.0), ClientLoad(cpu_s=0.1, wall_s=10.0, stood_still=stood)]
    part = _Run(workload(), (), conditions, ())
    part._note_standstill(trial(workload(), 0)[0], loads)
    assert part._not_fit == [
        "trial 1: the load generator did not run for 5 s of 10 s (at once for up to 5 s): stopped, or without a "
        "processor"
    ]


def test_no_connection_is_opened_that_the_first_phase_does_not_use() -> None:
    """A server that serves one connection at a time waits on the first that it accepts."""
    with single_threaded() as url:
        samples, ending = run(url, workload(warmup_requests=2, requests=4, concurrency=4))
    assert ending.status == "complete", ending.reason
    assert [sample.error for sample in samples] == [None] * 6


def test_service_that_refuses_connections_ends_the_run_before_any_request() -> None:
    samples, ending = run("http://127.0.0.1:1", workload())
    assert samples == ()
    assert ending.status == "interrupted"
    assert str(ending.reason).startswith("cannot connect to http://127.0.0.1:1: ")


def test_warmup_without_a_single_success_ends_the_run(server: GroundTruthServer) -> None:
    samples, ending = run(server.url("http_503"), workload(warmup_requests=3))
    assert len(samples) == 3
    assert (ending.status, ending.reason) == (
        "interrupted",
        f"all 3 warm-up requests failed; the last: {samples[-1].failure}",
    )
    assert "503" in str(ending.reason)


def test_measured_requests_that_all_fail_are_a_complete_run(server: GroundTruthServer) -> None:
    samples, ending = run(server.url("cut_midway"), workload())
    assert ending.status == "complete"
    assert {sample.error for sample in samples} == {ErrorClass.TRUNCATED}


def test_request_that_hangs_ends_at_its_deadline_with_what_came(server: GroundTruthServer) -> None:
    samples, ending = run(server.url("hangs_midway"), workload(timeout_s=0.3))
    assert ending.status == "complete"
    assert [(sample.error, len(sample.events_ns)) for sample in samples] == [(ErrorClass.TIMEOUT, 3)] * 4


def test_death_of_the_service_ends_the_run_and_keeps_what_was_in_flight(server: GroundTruthServer) -> None:
    heard = Heard()
    watch = lambda: "backend (pid 7) was ended by SIGKILL" if heard.samples else None  # noqa: E731
    samples, ending = run(server.url("slow"), workload(requests=200), watch=watch, heard=heard)
    assert ending.status == "interrupted"
    assert ending.reason == "the measured service ended during the run: backend (pid 7) was ended by SIGKILL"
    assert [sample.error for sample in samples].count(ErrorClass.INTERRUPTED) == 2
    assert len(samples) < 20


def test_death_that_the_last_requests_saw_first_is_still_the_reason(server: GroundTruthServer) -> None:
    heard = Heard()
    watch = lambda: "LLM (pid 7) ended with exit status 1" if len(heard.samples) == 4 else None  # noqa: E731
    samples, ending = run(server.url("error_event"), workload(), watch=watch, heard=heard)
    assert len(samples) == 4
    assert ending.reason == "the measured service ended during the run: LLM (pid 7) ended with exit status 1"


def interrupt_after(heard: Heard, sent: int) -> threading.Thread:
    return ctrl_c_when(lambda: heard.sent >= sent)


def test_ctrl_c_ends_the_run_and_keeps_every_request(server: GroundTruthServer) -> None:
    heard = Heard()
    thread = interrupt_after(heard, sent=4)
    samples, ending = run(server.url("slow"), workload(requests=200), heard=heard)
    thread.join()
    assert (ending.status, ending.reason) == ("interrupted", CTRL_C)
    assert len(samples) == heard.sent
    interrupted = [sample for sample in samples if sample.error is ErrorClass.INTERRUPTED]
    assert [sample.error_message for sample in interrupted] == ["the run was stopped"] * 2


def test_error_of_our_own_is_not_taken_for_the_services(server: GroundTruthServer) -> None:
    class Broken(Heard):
        def __call__(self, event: Event) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(server.base_url, workload(), heard=Broken())


def test_one_question_is_asked_once_whatever_the_workload(server: GroundTruthServer) -> None:
    before = len(server.truths())
    planned = workload(requests=50, trials=3, warmup_requests=7, shape="poisson", rate_per_s=5.0, concurrency=None)
    assert ask(provider(server.base_url), planned).ok
    assert len(server.truths()) - before == 1


@pytest.mark.parametrize("load", [{"shape": "sweep", "rates_per_s": (5.0, 9.0)}, {"shape": "trace", "trace": TRACE}])
def test_one_question_does_not_follow_the_shape_of_the_load(server: GroundTruthServer, load: dict[str, Any]) -> None:
    before = len(server.truths())
    assert ask(provider(server.base_url), workload(concurrency=None, **load)).ok
    assert len(server.truths()) - before == 1


def test_one_question_to_a_failing_service_is_a_failed_sample(server: GroundTruthServer) -> None:
    assert ask(provider(server.url("http_500")), workload()).error is ErrorClass.HTTP_STATUS


def test_one_question_to_nobody_is_an_error() -> None:
    with pytest.raises(TargetError, match="mine: cannot connect to http://127"):
        ask(provider("http://127.0.0.1:1"), workload())


def test_ctrl_c_during_one_question_is_ctrl_c(server: GroundTruthServer) -> None:
    before = len(server.truths())
    thread = ctrl_c_when(lambda: len(server.truths()) > before)
    with pytest.raises(KeyboardInterrupt):
        ask(provider(server.url("hangs_midway")), workload())
    thread.join()


@pytest.mark.parametrize("kind", ["rag", "openai"])
def test_request_carries_what_the_manifest_says(kind: str) -> None:
    """The bytes on the wire, as a socket saw them."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        seen: list[bytes] = []

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                while b"}" not in b"".join(seen):
                    seen.append(connection.recv(65536))

        thread = threading.Thread(target=answer)
        thread.start()
        planned = workload(
            target=kind, k=3, docset="faq", max_output_tokens=9, model_id="m", requests=1, concurrency=1, timeout_s=0.5
        )
        run(f"http://127.0.0.1:{listener.getsockname()[1]}", planned, headers={"X-Key": "abc"})
        thread.join()
    text = b"".join(seen).decode().lower().replace(" ", "")
    wanted = ['"k":3', '"docset":"faq"'] if kind == "rag" else ['"model":"m"', '"stream":true']
    for part in [*wanted, '"max_tokens":9', "x-key:abc", "whatisthetimetofirsttoken?"]:
        assert part in text
