"""--base-url."""

import pytest

from tests._pytest.project import Project, refused

OWNER = """
    def pytest_addoption(parser):
        parser.addoption("--base-url", default=None)
"""


def test_environment_reference_in_the_file_need_not_be_set(project: Project) -> None:
    project.provider(base_url="${NOBODY_SET_THIS}")
    project.run(f"--base-url={project.service.base_url}").assert_outcomes(passed=1)


def test_shipped_provider_is_measured_where_the_option_says(project: Project) -> None:
    outcome = project.run(f"--base-url={project.service.base_url}", "--workload=./tiny.yaml", provider="aws-eks")
    outcome.assert_outcomes(passed=1)
    result = project.result()
    assert (result["run_metadata"]["provider"], result["run_metadata"]["region"]) == ("aws-eks", "us-east-2")
    assert result["cost"]["hourly_cluster_cost_usd"] == pytest.approx(0.988 + 40 * 0.08 / 730)


def test_embedded_provider_is_not_started_when_a_url_is_given(project: Project) -> None:
    outcome = project.run(f"--base-url={project.service.base_url}", "--workload=./tiny.yaml", provider="local")
    outcome.assert_outcomes(passed=1)
    assert "starts at" not in outcome.stdout.str()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8000", "'localhost:8000' is not a URL such as http://host:8000"),
        ("http://host:70000", "Port out of range"),
        ("https://user:hunter2@host", "a URL with credentials is not allowed"),
    ],
)
def test_bad_value_is_refused(project: Project, url: str, words: str) -> None:
    outcome = project.run(f"--base-url={url}")
    refused(project, outcome, "--base-url", words)
    assert "hunter2" not in outcome.stdout.str() + outcome.stderr.str()
    project.env(RAGMETER_BASE_URL=url)
    refused(project, project.run(), "environment RAGMETER_BASE_URL", words)


def test_one_url_for_two_providers_is_refused(project: Project) -> None:
    project.provider("other")
    outcome = project.run("--provider=./other.yaml", f"--base-url={project.service.base_url}")
    refused(project, outcome, "--base-url", "needs a single --provider, not ./mine.yaml, ./other.yaml")


@pytest.mark.parametrize("plugins", [("owner", "ragmeter.plugin"), ("ragmeter.plugin", "owner")], ids=" before ".join)
def test_plugin_that_owns_the_short_name_keeps_it_and_is_obeyed(project: Project, plugins: tuple[str, str]) -> None:
    """pytest-base-url is one; the plugin here stands for any. Which is loaded first is a matter of chance."""
    project.provider(base_url="http://127.0.0.1:1")
    project.pytester.makepyfile(owner=OWNER)
    project.patch.syspath_prepend(project.pytester.path)
    loaded = [argument for plugin in plugins for argument in ("-p", plugin)]
    for flag in ("--base-url", "--bench-base-url"):
        outcome = project.pytester.runpytest_inprocess(
            *loaded, "--provider=./mine.yaml", f"{flag}={project.service.base_url}"
        )
        outcome.assert_outcomes(passed=1)


def test_conftest_that_declares_our_short_names_keeps_them(project: Project) -> None:
    project.pytester.makeconftest("""
        def pytest_addoption(parser):
            parser.addoption("--base-url", default="theirs")
            parser.getgroup("shop").addoption("--provider", default="theirs")
            parser.addoption("--workload", default="theirs")
    """)
    project.suite("""
        def test_it(run_workload, pytestconfig):
            assert run_workload().requests
            assert pytestconfig.getoption("--provider") == "theirs"
    """)
    outcome = project.run("--bench-provider=./mine.yaml", provider=None)
    outcome.assert_outcomes(passed=1)


def test_conftest_may_load_us_as_a_checkout_does(project: Project) -> None:
    project.provider(base_url="http://127.0.0.1:1")
    project.pytester.makeconftest('pytest_plugins = ["ragmeter.plugin"]')
    outcome = project.pytester.runpytest_inprocess(
        "--provider", "./mine.yaml", "--base-url", project.service.base_url, "--workload", "./tiny.yaml"
    )
    outcome.assert_outcomes(passed=1)


def test_names_may_stand_apart_from_their_values(project: Project) -> None:
    outcome = project.run("--provider", "./mine.yaml", "--workload", "./tiny.yaml", "test_mine.py", provider=None)
    outcome.assert_outcomes(passed=1)
