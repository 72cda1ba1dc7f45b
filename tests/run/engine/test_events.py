"""What the engine tells of a campaign, event by event, against a server that counts what it was asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import (
    CampaignEnded,
    CampaignPlanned,
    Event,
    LoadEnded,
    PhaseStarted,
    RequestEnded,
    RequestStarted,
    RunEnded,
    RunFailed,
    RunStarted,
    Tick,
    TrialStarted,
    WarmupEnded,
    WarmupStarted,
)
from ragmeter.core.errors import RagmeterError, SchemaError, StorageError, TargetError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.money.budget import Limits
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.metadata import Source
from ragmeter.core.run.plan import CTRL_C
from ragmeter.core.schedule.blocks import in_order
from ragmeter.run.engine.campaign import measure_campaign
from ragmeter.run.engine.engine import engine_of
from ragmeter.run.engine.here import Here
from ragmeter.run.engine.settings import Settings
from ragmeter.run.session.meter import Meter
from ragmeter.run.store import read
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import provider, workload
from tests.waiting import ctrl_c_when

TOKENS = 4
SCRIPTS = {"slow": StreamScript(ttft_ms=150, itl_ms=5, tokens=TOKENS)}


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    script = StreamScript(ttft_ms=2, itl_ms=1, tokens=TOKENS)
    with GroundTruthServer(script, scripts=SCRIPTS, process=True) as running:
        yield running


def cases(url: str, **planned: Any) -> list[Case]:
    """The same workload on two providers."""
    asked = workload(**{"warmup_requests": 1, "trials": 2, **planned})
    return [Case(provider=provider(url, name=name), workload=asked, slos=()) for name in ("a", "b")]


@dataclass(slots=True)
class Heard:
    """A listener, and the settings of what it hears."""

    folder: Path
    events: list[Event] = field(default_factory=list)

    def measure(self, asked: Sequence[Case], meter: Meter | None = None, **settings: Any) -> None:
        made: dict[str, Any] = {"calibrate": False, "metadata": lambda _provider, _workload: (), **settings}
        known = Settings(stamp="20260222T101530Z", raw_path=self.raw_path, **made)
        with engine_of(asked, known, emit=self.events.append, workers=1) as engine:
            measure_campaign(asked, replace(engine, meter=meter or engine.meter), Here())

    def raw_path(self, case: Case) -> Path:
        return self.folder / f"{case.id}.raw.jsonl"

    def of(self, *kinds: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kinds)]

    @property
    def outline(self) -> list[object]:
        """Everything but requests and ticks, each as its type and what tells it from others of its type."""
        return [told(event) for event in self.events if not isinstance(event, RequestStarted | RequestEnded | Tick)]

    def requests(self) -> list[tuple[WarmupStarted | TrialStarted, list[RequestSample]]]:
        """By the event that they belong to."""
        found: list[tuple[WarmupStarted | TrialStarted, list[RequestSample]]] = []
        for event in self.of(WarmupStarted, TrialStarted, RequestEnded):
            if isinstance(event, RequestEnded):
                found[-1][1].append(event.sample)
            else:
                found.append((event, []))
        return found


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    return Heard(tmp_path)


def told(event: Event) -> object:
    match event:
        case RunStarted() | RunEnded() | RunFailed():
            return type(event), event.case.provider.name
        case WarmupStarted():
            return type(event), event.label
        case TrialStarted():
            return type(event), event.label, event.trial
        case PhaseStarted():
            return type(event), event.phase, event.requests
        case CampaignEnded():
            return type(event), event.interrupted
    return type(event)


def test_two_providers_with_two_trials_are_told_in_the_order_in_which_they_are_measured(
    heard: Heard, server: GroundTruthServer
) -> None:
    before = set(server.truths())
    asked = cases(server.base_url)
    heard.measure(asked)
    seed = asked[0].workload.seed
    warm, (first, second) = in_order("ab", 0, seed), (in_order("ab", block, seed) for block in (0, 1))
    assert heard.outline == [
        (RunStarted, "a"),
        (RunStarted, "b"),
        CampaignPlanned,
        *(each for name in warm for each in ((WarmupStarted, name), (PhaseStarted, Phase.WARMUP, 1))),
        WarmupEnded,
        *(each for name in first for each in ((TrialStarted, name, 0), (PhaseStarted, Phase.MEASURED, 4))),
        *(each for name in second for each in ((TrialStarted, name, 1), (PhaseStarted, Phase.MEASURED, 4))),
        LoadEnded,
        (RunEnded, "a"),
        (RunEnded, "b"),
        (CampaignEnded, False),
    ]
    samples = [event.sample for event in heard.of(RequestEnded)]
    sent = set(server.truths()) - before
    assert {sample.request_id for sample in samples} == sent
    assert len(heard.of(RequestStarted)) == len(samples) == len(sent) == 2 * (1 + 2 * 4)
    assert all(sample.ok and sample.output_tokens == TOKENS for sample in samples)


def test_requests_belong_to_what_began_last(heard: Heard, server: GroundTruthServer) -> None:
    heard.measure(cases(server.base_url))
    for began, samples in heard.requests():
        whole = (Phase.MEASURED, began.trial, 4) if isinstance(began, TrialStarted) else (Phase.WARMUP, 0, 1)
        assert {(sample.phase, sample.trial, len(samples)) for sample in samples} == {whole}


def test_plan_and_prediction_are_numbers(heard: Heard, server: GroundTruthServer) -> None:
    heard.measure(cases(server.base_url, cool_down_s=0.2))
    (planned,), (warm,) = heard.of(CampaignPlanned), heard.of(WarmupEnded)
    assert (planned.runs, planned.min_trials, planned.usd_per_hr) == (2, 2, None)
    assert planned.min_s == pytest.approx(3 * 0.2)
    assert warm.trials_s > planned.min_s
    assert warm.over_budget is None


def test_result_is_told_with_the_samples_of_its_raw_record(heard: Heard, server: GroundTruthServer) -> None:
    asked = cases(server.base_url)
    heard.measure(asked, amended=lambda result: replace(result, ragmeter_version="amended"))
    for case, ended in zip(asked, heard.of(RunEnded), strict=True):
        plan, samples, ending = read(heard.raw_path(case))
        assert ended.run.samples == samples
        assert (ended.run.ending, ended.run.plan) == (ending, plan)
        assert (ended.result.requests, ended.result.ragmeter_version, ended.result.status) == (8, "amended", "complete")
        assert plan.interleaving == "tiny-20260222T101530Z"


def test_campaign_without_a_warm_up_of_one_case_says_so_too(heard: Heard, server: GroundTruthServer) -> None:
    heard.measure(cases(server.base_url, warmup_requests=0, trials=1)[:1])
    assert heard.outline == [
        (RunStarted, "a"),
        CampaignPlanned,
        WarmupEnded,
        (TrialStarted, "a", 0),
        (PhaseStarted, Phase.MEASURED, 4),
        LoadEnded,
        (RunEnded, "a"),
        (CampaignEnded, False),
    ]
    assert heard.of(WarmupEnded)[0].trials_s is None
    assert heard.of(RunEnded)[0].run.plan.interleaving is None


def test_no_case_is_a_campaign_that_has_ended(heard: Heard) -> None:
    heard.measure([])
    assert heard.events == [CampaignEnded(interrupted=False)]


def refuses(provider: Provider, _workload: Workload) -> Sequence[Source]:
    if provider.name == "b":
        raise TargetError("b: there is nobody")
    return ()


def test_service_that_cannot_be_asked_costs_its_own_case_alone(heard: Heard, server: GroundTruthServer) -> None:
    heard.measure(cases(server.base_url, warmup_requests=0, trials=1), metadata=refuses)
    assert heard.outline[:2] == [(RunFailed, "b"), (RunStarted, "a")]
    assert heard.outline[-2:] == [(RunEnded, "a"), (CampaignEnded, False)]
    assert str(heard.of(RunFailed)[0].error) == "b: there is nobody"
    assert heard.of(CampaignPlanned)[0].runs == 1


def test_record_that_is_there_already_is_kept(heard: Heard, server: GroundTruthServer) -> None:
    asked = cases(server.base_url, warmup_requests=0, trials=1)
    heard.raw_path(asked[0]).write_text("mine\n", encoding="utf-8")
    heard.measure(asked)
    assert heard.outline[:2] == [(RunFailed, "a"), (RunStarted, "b")]
    assert isinstance(heard.of(RunFailed)[0].error, StorageError)
    assert heard.raw_path(asked[0]).read_text(encoding="utf-8") == "mine\n"


def test_result_that_was_amended_to_what_none_may_be_is_none(heard: Heard, server: GroundTruthServer) -> None:
    def amended(result: RunResult) -> RunResult:
        status: Any = "made up" if result.run_id.startswith("a-") else result.status
        return replace(result, status=status)

    heard.measure(cases(server.base_url, warmup_requests=0, trials=1), amended=amended)
    assert heard.outline[-4:] == [LoadEnded, (RunFailed, "a"), (RunEnded, "b"), (CampaignEnded, False)]
    assert isinstance(heard.of(RunFailed)[0].error, SchemaError)


def test_service_that_refuses_connections_has_an_interrupted_run(heard: Heard) -> None:
    heard.measure(cases("http://127.0.0.1:1", warmup_requests=0)[:1])
    assert heard.outline[-3:] == [LoadEnded, (RunEnded, "a"), (CampaignEnded, False)]
    (ended,) = heard.of(RunEnded)
    assert (ended.result.status, ended.result.requests) == ("interrupted", 0)
    assert ended.run.ending.reason.startswith("cannot connect to http://127.0.0.1:1: ")


class Spent(Meter):
    """A budget that was spent before."""

    def halt(self) -> str | None:
        return "the budget is spent: made up"


def test_campaign_of_which_no_case_can_be_measured_sends_nothing(heard: Heard, server: GroundTruthServer) -> None:
    before = len(server.truths())
    heard.measure(cases(server.base_url), meter=Spent([], Limits()))
    assert heard.outline == [(RunFailed, "a"), (RunFailed, "b"), (CampaignEnded, False)]
    errors: list[RagmeterError] = [event.error for event in heard.of(RunFailed)]
    assert str(errors[0]) == "a-tiny: the budget is spent: made up; it was not measured"
    assert len(server.truths()) == before


def test_ctrl_c_is_told_after_the_results_of_what_was_measured_and_then_raised(
    heard: Heard, server: GroundTruthServer
) -> None:
    asked = cases(server.url("slow"), requests=100, warmup_requests=0)
    thread = ctrl_c_when(lambda: len(heard.of(RequestEnded)) >= 4)
    with pytest.raises(KeyboardInterrupt):
        heard.measure(asked)
    thread.join()
    assert heard.outline[-4:] == [LoadEnded, (RunEnded, "a"), (RunEnded, "b"), (CampaignEnded, True)]
    assert [event.run.ending.reason for event in heard.of(RunEnded)] == [CTRL_C] * 2
    assert [event.result.status for event in heard.of(RunEnded)] == ["interrupted"] * 2
    samples = [event.sample for event in heard.of(RequestEnded)]
    assert len(heard.of(RequestStarted)) == len(samples) < 100
    assert {sample.error for sample in samples if not sample.ok} == {ErrorClass.INTERRUPTED}
    kept = [sample for case in asked for sample in read(heard.raw_path(case))[1]]
    assert sorted(sample.index for sample in kept) == sorted(sample.index for sample in samples)
