"""--bench-docset."""

import pytest

from tests._pytest.project import Project
from tests._pytest.twins import Twins

TWINS = Twins(
    name="bench_docset", key="retrieval.docset", manifest="handbook", option="faq", environment="wiki", ini="notes"
)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    project.workload(retrieval={"docset": "handbook"})
    TWINS.hold(project)


def test_it_is_recorded_in_the_metadata(project: Project) -> None:
    project.run("--bench-docset=faq").assert_outcomes(passed=1)
    assert project.result()["run_metadata"]["docset"] == "faq"


@pytest.mark.parametrize(
    ("value", "words"),
    [("../secrets", "$.retrieval.docset: '../secrets' does not match"), ("a b", "does not match")],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    project.workload(retrieval={"docset": "handbook"})
    TWINS.refuse(project, value, words)
