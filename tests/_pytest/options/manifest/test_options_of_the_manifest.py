"""The options that replace a value of the manifest: what is recorded, and which values are refused."""

import pytest

from tests._pytest.options.manifest.loads import BY_NAME, LOADS, Load, path_of
from tests._pytest.project import Project, refused

TRACE = '{"timestamp": 1000, "input_length": 40, "output_length": 3}\n'
WHERE = {name: load for load in LOADS.values() for name in load.values}
"""Each option, and the load in which it has a meaning."""
KNOWN_SHAPES = "closed, constant, poisson, gamma, ramp, bursts, sweep, trace"
BAD = [
    ("requests", "0", "$.benchmark.requests: 0 is not >= 1"),
    ("concurrency", "0", "$.benchmark.concurrency: 0 is not >= 1"),
    ("warmup", "-1", "$.benchmark.warmup_requests: -1 is not >= 0"),
    ("trials", "0", "$.benchmark.trials: 0 is not >= 1"),
    ("seed", "-1", "$.benchmark.seed: -1 is not >= 0"),
    ("timeout", "0", "$.benchmark.timeout: 0.0 is not > 0"),
    ("timeout", "3601", "is not <= 3600"),
    ("duration", "0", "$.benchmark.duration: 0.0 is not > 0"),
    ("cool_down", "-1", "$.benchmark.cool_down: -1.0 is not >= 0"),
    ("max_output_tokens", "0", "$.benchmark.max_output_tokens: 0 is not >= 1"),
    ("docset", "../secrets", "$.retrieval.docset: '../secrets' is not made of"),
    ("docset", "a b", "is not made of"),
    ("k", "0", "$.retrieval.k: 0 is not >= 1"),
    ("shape", "wave", f"$.load.shape: 'wave' is not one of {KNOWN_SHAPES}"),
    ("shape", "CLOSED", f"$.load.shape: 'CLOSED' is not one of {KNOWN_SHAPES}"),
    ("rate", "0", "0.0 is not > 0"),
    ("burstiness", "0", "$.load.burstiness: 0.0 is not > 0"),
    ("burst_size", "0", "$.load.burst_size: 0 is not >= 1"),
    ("speedup", "0", "$.load.speedup: 0.0 is not > 0"),
]
"""The option, a value, and words of the sentence that refuses it."""


@pytest.fixture(autouse=True)
def trace(project: Project) -> None:
    (project.pytester.path / "trace.jsonl").write_text(TRACE, encoding="utf-8")


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_option_replaces_the_value_of_the_manifest_and_both_are_recorded(project: Project, load: Load) -> None:
    load.manifest(project)
    project.run(*load.beside, *load.flags).assert_outcomes(passed=1)
    result = project.result()
    recorded = {override["key"]: override for override in result["overrides"]}
    for name, value in load.values.items():
        option = BY_NAME[name]
        section, key = path_of(option)
        told = {"key": option.key, "manifest": value.manifest, "used": value.option, "origin": option.flag}
        assert recorded[str(option.key)] == told
        assert result["workload"][section][key] == value.option


@pytest.mark.parametrize(("name", "value", "words"), BAD, ids=lambda each: each if each in WHERE else None)
def test_value_that_the_manifest_may_not_have_is_refused(project: Project, name: str, value: str, words: str) -> None:
    load = WHERE[name]
    load.manifest(project)
    refused(project, project.run(*load.beside, f"{BY_NAME[name].flag}={value}"), BY_NAME[name].flag, words)


def test_variable_is_named_whose_value_the_manifest_may_not_have(project: Project) -> None:
    project.env(RAGMETER_REQUESTS="0")
    refused(project, project.run(), "environment RAGMETER_REQUESTS", "$.benchmark.requests: 0 is not >= 1")


def test_as_many_requests_are_measured(project: Project) -> None:
    project.run("--bench-requests=5").assert_outcomes(passed=1)
    result = project.result()
    assert result["measured_requests"] == result["requests"] == project.sent == 5


def test_what_is_retrieved_and_how_much_is_generated_is_recorded_where_users_know_it(project: Project) -> None:
    project.run("--bench-docset=faq", "--bench-k=4", "--bench-max-output-tokens=9").assert_outcomes(passed=1)
    result = project.result()
    metadata, origins = result["run_metadata"], result["metadata_origins"]
    assert (metadata["docset"], metadata["k"], origins["k"]) == ("faq", 4, "this run")
    assert result["max_output_tokens"] == metadata["max_output_tokens"] == 9
