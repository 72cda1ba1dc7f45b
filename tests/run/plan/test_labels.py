"""Labels that name no document of a running service are found before any load."""

from dataclasses import replace

import pytest

from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.run.plan.labels import gone_labels
from tests.run.cases import provider, workload
from tests.run.http_fake import Answer, serving

PATH = "/documents?docset=default"
LISTED = Answer(body={"documents": [{"id": "guide.md", "name": "guide.md"}, {"id": "7", "name": "https://a/b:c.md"}]})


def checked(listed: Answer | None, *labels: str, target: str = "rag") -> list[str]:
    """The paths that were asked."""
    prompts = tuple(Prompt(text=f"Question {number}?", relevant=(label,)) for number, label in enumerate(labels))
    asked = replace(workload(), prompts=prompts or workload().prompts, target=target)
    with serving({} if listed is None else {PATH: listed}) as fake:
        gone_labels(provider(fake.url), asked)
    return fake.paths


def test_labels_that_are_not_there_are_refused_with_their_share_and_what_is_there() -> None:
    with pytest.raises(TargetError) as caught:
        checked(LISTED, "guide.md", "guide.md#install", "giude.md", "guide.md.old")
    said = str(caught.value)
    assert said.startswith("tiny.yaml: 2 of 4 labels (50.0%) name no document of the docset 'default' at http://")
    assert "such as 'giude.md', 'guide.md.old'; it has 3, such as '7', 'guide.md', 'https://a/b:c.md'" in said


@pytest.mark.parametrize(
    "labels",
    [
        ("guide.md", "guide.md#install:0", "guide.md:3", "https://a/b:c.md#x", "7"),
        ("of", "another", "collection"),
    ],
    ids=["all are there", "the questions are about other documents"],
)
def test_labels_of_a_run_that_can_be_are_let_pass(labels: tuple[str, ...]) -> None:
    assert checked(LISTED, *labels) == [PATH]


@pytest.mark.parametrize(
    "listed", [None, Answer(status=401), Answer(body="no JSON"), Answer(body=[1]), Answer(body={})]
)
def test_service_that_lists_nothing_is_not_judged(listed: Answer | None) -> None:
    assert checked(listed, "guide.md", "giude.md") == [PATH]


def test_nobody_is_asked_without_labels_or_of_another_target() -> None:
    assert checked(LISTED) == []
    assert checked(LISTED, "guide.md", "giude.md", target="openai") == []
