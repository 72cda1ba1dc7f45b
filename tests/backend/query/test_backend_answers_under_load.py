"""Does load degrade answers? The real backend keeps its passages at every step of a sweep; one that drops them fails at
the step where it does, and is told by name. The LLM is a fake that reads the first passage aloud.
"""

import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.figures.retrieval import labels_of, retrieval_of, retrieval_rates
from ragmeter.core.figures.summary import summarise
from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.schedule.phases import phases
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.core.verdicts.slo import parse_slo
from ragmeter.core.verdicts.step_verdicts import StepFigures, judge_steps, sweep_sentence
from ragmeter.core.verdicts.steps import Step, steps_of
from ragmeter.run.plan.labels import gone_labels
from ragmeter.run.session.measure import Conditions, measure
from tests.backend.dropping_proxy import dropping
from tests.backend.fake_llm import FakeLlm, Reply
from tests.backend.running import Backend
from tests.core.samples import FIT
from tests.run.cases import provider

RATES = (10.0, 40.0)
TOWERS = (
    *("Arden", "Balmore", "Corvale", "Dunwick", "Elstow", "Farleigh", "Greta", "Holm", "Ivybridge", "Jura", "Kelso"),
    *("Lorne", "Malvern", "Norwood", "Ormskirk", "Penrith"),
)
QUESTIONS = tuple(
    Prompt(
        text=f"How tall is the lighthouse of {name}?",
        relevant=(f"{name}.md",),
        answers=(f"The lighthouse of {name} is {30 + number} metres tall.",),
    )
    for number, name in enumerate(TOWERS)
)
SLOS = (
    "recall_at_k >= 0.5",
    "mean(groundedness) >= 0.5",
    "mean(token_f1) >= 0.4",
    "mean(citations_supported_ratio) >= 0.5",
)


def read_aloud(reply: Reply) -> None:
    """The first passage of the context, cited; without one, something else."""
    asked = reply.body["messages"][-1]["content"]
    found = re.search(r"^\[1\] [^\n]*\n([^\n]+)", asked, re.MULTILINE)
    said = f"{found[1]} [1]" if found else "Penguins live in Antarctica, and fly nowhere [1]."
    reply.words(*(f"{word} " for word in said.split(" ")))
    reply.end()


@pytest.fixture(scope="module")
def lighthouses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    llm = FakeLlm()
    llm.script = read_aloud
    backend = Backend(data_dir=tmp_path_factory.mktemp("lighthouses"), llm_url=llm.url)
    try:
        backend.ingest({at.relevant[0]: at.answers[0] for at in QUESTIONS})
        yield backend
    finally:
        backend.close()
        llm.close()


def workload(**retrieval: Any) -> Workload:
    document = {
        "schema": "workload.v1",
        "name": "lighthouses",
        "cache": {"kv": "natural"},
        "benchmark": {"requests": len(QUESTIONS), "warmup_requests": 0, "timeout": 60},
        "load": {"shape": "sweep", "rates_per_s": list(RATES)},
        "retrieval": {"k": 3, **retrieval},
        "prompts_file": "questions.jsonl",
    }
    return workload_from(
        document, path="lighthouses.yaml", prompts=QUESTIONS, settings=(), schema=schema("workload.v1")
    )


def swept(url: str, asked: Workload) -> tuple[RequestSample, ...]:
    conditions = Conditions(
        provider=provider(url),
        origin_ns=time.monotonic_ns(),
        keep=lambda _: None,
        watch=lambda: None,
        emit=lambda _: None,
    )
    samples, ending = measure(asked, phases(asked), conditions)
    assert ending.status == "complete"
    assert [sample.failure for sample in samples if not sample.ok] == []
    return samples


def judged(samples: Sequence[RequestSample]) -> tuple[SloVerdict, ...]:
    """Whether this machine was a fit client is another question, and not asked."""
    steps = []
    for number, rate in enumerate(RATES):
        own = [sample for sample in samples if sample.step == number]
        found = retrieval_of(own, labels_of(QUESTIONS), 3, run=samples)
        assert found is not None
        figures = summarise(own, Phase.MEASURED).with_rates(retrieval_rates(found))
        steps.append(StepFigures(step=number, rate_per_s=rate, figures=figures, harness=FIT))
    return judge_steps([parse_slo(each, "lighthouses.yaml") for each in SLOS], steps, "lighthouses @ mine")


def test_a_healthy_backend_answers_as_well_at_every_rate(lighthouses: Backend) -> None:
    samples = swept(lighthouses.url, workload(passage_texts=True))
    verdicts = judged(samples)
    assert {verdict.slo: verdict.outcome for verdict in verdicts} == dict.fromkeys(SLOS, Outcome.PASS)
    at: Step = steps_of(samples, workload())[-1]
    assert (at.quality["groundedness"].value, at.quality["citations_found_ratio"].value) == (1.0, 1.0)
    assert all(sample.scores is not None and sample.scores.same_language for sample in samples)


def test_a_backend_that_drops_passages_fails_at_that_step_and_is_told(lighthouses: Backend) -> None:
    with dropping(lighthouses.url, after=len(QUESTIONS)) as url:
        samples = swept(url, workload(passage_texts=True))
    verdicts = judged(samples)
    for verdict in verdicts:
        assert [at.outcome for at in verdict.steps] == [Outcome.PASS, Outcome.FAIL], verdict.slo
        assert "at 40 req/s" in verdict.sentence
    assert "every SLO is met up to 10 req/s; not at 40 req/s: recall_at_k >= 0.5 (FAIL)" in str(
        sweep_sentence(verdicts)
    )


def test_groundedness_is_unknown_where_nobody_asked_for_the_passages(lighthouses: Backend) -> None:
    samples = swept(lighthouses.url, workload())
    assert {sample.scores.grounded for sample in samples if sample.scores is not None} == {None}
    groundedness = judged(samples)[SLOS.index("mean(groundedness) >= 0.5")]
    assert groundedness.outcome is Outcome.NO_DATA
    assert "does not tell the text of the passages" in groundedness.sentence


def test_passages_are_told_as_the_llm_was_given_them_and_only_when_asked(lighthouses: Backend) -> None:
    told, untold = (dict(lighthouses.stream(QUESTIONS[0].text, k=2, passage_texts=asked)) for asked in (True, False))
    assert "passages" not in untold["done"]
    assert [at["id"] for at in told["done"]["passages"]] == [at["id"] for at in told["meta"]["documents"]]
    assert "metres tall" in told["done"]["passages"][0]["text"]


def test_labels_of_documents_that_are_not_there_are_found_before_the_load(lighthouses: Backend) -> None:
    asked = workload()
    assert gone_labels(provider(lighthouses.url), asked) == ()
    elsewhere = workload(docset="another")
    assert len(gone_labels(provider(lighthouses.url), elsewhere)) == len(QUESTIONS)
