"""Variables and flags that look like ours and are none."""

import pytest

from ragmeter._pytest.options.unknown import refuse_unknown_flags, refuse_unknown_variables, variable_hint
from ragmeter.core.errors import ConfigError
from tests._pytest.project import Project, refused

KNOWN = {"--bench-trials", "--provider", "--workload", "--base-url", "--verbose", "--profile"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("RAGMETER_TRAILS", "did you mean RAGMETER_TRIALS?"),
        ("RAGMETER_PROVIDR", "did you mean RAGMETER_PROVIDER?"),
        ("RAGMETER_BENCH_STRICT", "did you mean RAGMETER_STRICT?"),
        ("RAGMETER_COLOUR_OF_THE_SKY", "docs/reference/options.md has all variables"),
    ],
)
def test_a_variable_that_nothing_reads_is_refused_before_any_load(project: Project, name: str, words: str) -> None:
    project.env(**{name: "1"})
    refused(project, project.run(), f"environment {name}: no option and no provider file at hand reads it: {words}")


def test_what_provider_files_refer_to_is_no_mistake(project: Project) -> None:
    project.provider("other", headers={"X": "${RAGMETER_TRIAL}"})  # a name that is close to one of ours
    project.env(
        RAGMETER_TRIAL="x", RAGMETER_AWS_EKS_URL="https://x.example", RAGMETER_ELSEWHERE_URL="https://x.example"
    )
    project.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("environment", [{}, {"RAGMETER_TRAILS": ""}, {"RAGMETER_TRIALS": "3"}, {"OTHER": "1"}])
def test_nothing_unknown_is_nothing_to_say(environment: dict[str, str]) -> None:
    refuse_unknown_variables(environment, ["local"])


def test_a_misspelt_provider_is_hinted_at_where_nothing_was_measured() -> None:
    assert "did you mean RAGMETER_PROVIDER?" in variable_hint({"RAGMETER_PROVDER": "local"})
    assert variable_hint({"RAGMETER_PROVIDER": "local", "HOME": "/"}) == ""


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--bench-trails=3", "unknown option --bench-trails: did you mean --bench-trials?"),
        ("--bench-xyz", "unknown option --bench-xyz: pytest --help lists them"),
        ("--provier=local", "unknown option --provier: did you mean --provider?"),
    ],
)
def test_a_flag_that_nobody_declared_is_refused(argument: str, words: str) -> None:
    with pytest.raises(ConfigError) as told:
        refuse_unknown_flags([argument], KNOWN)
    assert str(told.value) == words


@pytest.mark.parametrize(
    "arguments", [["--verbose"], ["--profile"], ["--bench-trials", "3"], ["--", "--bench-x"], ["x"]]
)
def test_flags_of_others_and_what_follows_a_double_dash_are_not_ours(arguments: list[str]) -> None:
    refuse_unknown_flags(arguments, KNOWN)
