"""A folder without the suite: what to type is said, and nothing is written."""

import pytest

from tests._pytest.project import Project, refused

ASKED = {
    "the user's first command": (["bench"], "./mine.yaml", "Type this: ragmeter run --provider=./mine.yaml"),
    "a listing": (["--co", "bench"], None, "--co"),
    "a file of the suite": (["bench/test_contract.py", "-x"], None, "ragmeter run -p"),
    "one test": (["bench/test_cost.py::test_the_run_is_priced"], "./mine.yaml", "pytest --pyargs ragmeter.suite"),
    "probes": (["-m", "ew_probe"], None, "-m ew_probe; or: pytest --pyargs ragmeter.suite"),
    "a provider alone": ([], "./mine.yaml", "there are no tests in "),
    "a marker and a provider": (["-m", "contract or cost"], "./mine.yaml", "-m 'contract or cost'"),
}
"""Arguments, the provider, and words of the sentence."""


@pytest.mark.parametrize("asked", ASKED)
def test_what_to_type_is_said_and_nothing_is_written(project: Project, asked: str) -> None:
    arguments, provider, words = ASKED[asked]
    (project.pytester.path / "test_mine.py").unlink()
    before = sorted(project.pytester.path.rglob("*"))
    outcome = project.run(*arguments, provider=provider)
    refused(project, outcome, words.removeprefix("Type this: ragmeter run "), "Type this: ragmeter run ")
    assert sorted(project.pytester.path.rglob("*")) == before


def test_run_that_is_refused_later_leaves_no_folder_either(project: Project) -> None:
    project.provider("gone", base_url="http://127.0.0.1:1")
    refused(project, project.run(provider="./gone.yaml"), "cannot be reached")
    assert not project.reports.exists()


def test_folder_of_earlier_results_stays(project: Project) -> None:
    project.reports.mkdir()
    project.provider("gone", base_url="http://127.0.0.1:1")
    refused(project, project.run(provider="./gone.yaml"), "cannot be reached")
    assert list(project.reports.iterdir()) == []


def test_empty_folder_of_somebody_else_hears_nothing_of_us(project: Project) -> None:
    (project.pytester.path / "test_mine.py").unlink()
    outcome = project.run("-m", "slow", provider=None)
    assert outcome.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "ragmeter run" not in outcome.stderr.str() + outcome.stdout.str()


def test_folder_called_bench_is_anybodys(project: Project) -> None:
    (project.pytester.path / "bench").mkdir()
    (project.pytester.path / "bench" / "test_theirs.py").write_text("def test_it(): pass", encoding="utf-8")
    project.run("bench", provider=None).assert_outcomes(passed=1)
