"""Flags, variables and addresses that users of the predecessor type."""

import pytest

from ragmeter._pytest.options.table import NAMES_OF_THE_PREDECESSOR
from tests._pytest.project import Project, refused


def suite_of_ours(project: Project) -> str:
    """A folder that has the suite's own file, with one quick test in it; its provider is known by its name."""
    folder = project.pytester.mkdir("bench")
    (folder / "test_north_south.py").write_text(
        "import pytest\n\n\n@pytest.mark.north_south\ndef test_it(run_workload):\n    assert run_workload().requests\n"
    )
    providers = project.pytester.mkdir("fixtures") / "providers"
    providers.mkdir()
    (project.pytester.path / "mine.yaml").rename(providers / "mine.yaml")
    return "bench"


def test_its_command_is_understood_flag_by_flag(project: Project) -> None:
    project.provider(base_url="http://127.0.0.1:1")
    (project.pytester.path / "prompt.txt").write_text("Why?")
    outcome = project.run(
        *("--url", f"{project.service.base_url}/query/stream", "--requests", "5", "--concurrency", "3"),
        *("--warmup-requests", "2", "--max-output-tokens", "7", "--prompt-file", "prompt.txt"),
        *("--show-errors", "3", "--json-out", "out.json"),
    )
    outcome.assert_outcomes(passed=1)
    result = project.result()
    assert (result["requests"], result["concurrency"], result["warmup_requests"]) == (5, 3, 2)
    assert result["max_output_tokens"] == 7
    said = f"'{project.service.base_url}/query/stream' is read as '{project.service.base_url}'"
    outcome.stdout.fnmatch_lines([f"ragmeter: --base-url: {said}: /query/stream is added to each request"])


@pytest.mark.parametrize("flag", NAMES_OF_THE_PREDECESSOR)
def test_a_plugin_that_owns_a_name_keeps_it(project: Project, flag: str) -> None:
    project.pytester.makeconftest(f"""
        def pytest_addoption(parser):
            parser.addoption("{flag}", dest="theirs", default="nobody")
    """)
    project.suite("""
        def test_it(pytestconfig):
            assert pytestconfig.getoption("theirs") == "9"
    """)
    project.run(flag, "9", provider=None).assert_outcomes(passed=1)


def test_each_name_leads_to_an_option_of_ours(pytestconfig: pytest.Config) -> None:
    assert all(hasattr(pytestconfig.option, ours.name) for ours in NAMES_OF_THE_PREDECESSOR.values())


def test_an_address_of_the_endpoint_in_a_provider_file_is_said_to_be_shortened(project: Project) -> None:
    project.provider(base_url=f"{project.service.base_url}/query/stream")
    outcome = project.run()
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines(["ragmeter: mine.yaml: $.base_url: *is read as*"])


def test_files_without_a_schema_are_measured_with_one_notice_each(project: Project) -> None:
    for name in ("mine.yaml", "tiny.yaml"):
        path = project.pytester.path / name
        lines = path.read_text("utf-8").splitlines()
        path.write_text("\n".join(line for line in lines if not line.startswith("schema:")), encoding="utf-8")
    outcome = project.run()
    outcome.assert_outcomes(passed=1)
    notices = [line for line in outcome.outlines if "has no key 'schema'" in line]
    assert [line.split(":")[1].strip() for line in notices] == ["mine.yaml", "tiny.yaml"]


@pytest.mark.parametrize(
    ("variables", "variable"),
    [
        ({"RAG_PROVIDER": "mine"}, "RAG_PROVIDER"),
        ({"PROVIDER": "mine"}, "PROVIDER"),
        ({"RAG_PROVIDER": "mine", "PROVIDER": "nobody"}, "RAG_PROVIDER"),
    ],
)
@pytest.mark.parametrize("arguments", [["bench"], ["bench/test_north_south.py"], ["-m", "north_south"]], ids=" ".join)
def test_the_suite_takes_its_provider_from_their_variables(
    project: Project, variables: dict[str, str], variable: str, arguments: list[str]
) -> None:
    suite_of_ours(project)
    project.env(**variables)
    outcome = project.run(*arguments, "--workload=./tiny.yaml", "--strict-markers", provider=None)
    outcome.assert_outcomes(passed=1, deselected=int(arguments[0] == "-m"))
    outcome.stdout.fnmatch_lines([f"ragmeter: the provider 'mine' is that of the environment variable {variable}; *"])


@pytest.mark.parametrize("named", ["option", "environment", "ini"])
def test_our_own_ways_to_name_a_provider_win_over_their_variables(project: Project, named: str) -> None:
    suite_of_ours(project)
    project.env(PROVIDER="nobody")
    if named == "environment":
        project.env(RAGMETER_PROVIDER="mine")
    elif named == "ini":
        project.ini(bench_provider="mine")
    outcome = project.run("bench", "--workload=./tiny.yaml", provider="mine" if named == "option" else None)
    outcome.assert_outcomes(passed=1)
    assert "environment variable PROVIDER" not in outcome.stdout.str()


def test_a_name_that_is_not_known_is_one_sentence_with_the_variable(project: Project) -> None:
    suite_of_ours(project)
    project.env(PROVIDER="github")
    outcome = project.run("bench", provider=None)
    refused(project, outcome, "environment PROVIDER: unknown provider 'github'; known: ", "--provider=NAME|FILE wins")


@pytest.mark.parametrize("arguments", [[], ["test_mine.py"], ["-m", "smoke"], ["-m", "not north_south"]], ids=" ".join)
def test_a_variable_that_others_set_makes_no_other_run_measure(project: Project, arguments: list[str]) -> None:
    project.suite("""
        import pytest

        @pytest.mark.smoke
        def test_it():
            assert True
    """)
    for value in ("github", "aws-eks"):
        project.env(PROVIDER=value)
        outcome = project.run(*arguments, provider=None)
        outcome.assert_outcomes(passed=1)
        assert project.sent == 0


def test_tests_of_ones_own_are_told_what_the_variable_says(project: Project) -> None:
    project.env(PROVIDER="aws-eks")
    outcome = project.run("test_mine.py", provider=None)
    refused(project, outcome, "The environment variable PROVIDER says 'aws-eks': --provider=aws-eks measures it.")
    project.env(PROVIDER="github")
    assert "github" not in project.run("test_mine.py", provider=None).stderr.str()
