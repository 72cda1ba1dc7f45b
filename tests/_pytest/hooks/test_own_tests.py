"""What users write: tests with our fixtures, and hooks."""

from dataclasses import replace

import pytest

import bench
from ragmeter.run.load.single import ask_at_once
from ragmeter.typing import Provider, RequestSample, Workload
from tests._pytest.project import Project


def test_five_lines_are_enough(project: Project) -> None:
    project.suite("""
        def test_first_token_comes_soon(run_workload, slo, provider, workload):
            result = run_workload()
            assert result.success == workload.requests == 2
            assert result.run_metadata["provider"] == provider.name
            slo.check(result)
    """)
    project.run("--bench-slo=max(ttft_ms) <= 9000").assert_outcomes(passed=2)


def test_workload_is_measured_once_for_all_tests(project: Project) -> None:
    project.suite("""
        results = []

        def test_first(run_workload):
            results.append(run_workload())

        def test_second(run_workload):
            results.append(run_workload())
            assert results[0] is results[1] is run_workload()
    """)
    project.run().assert_outcomes(passed=2)
    assert project.sent == 2


def test_single_question_needs_no_load(project: Project) -> None:
    project.suite("""
        def test_one(ask):
            assert ask().output_tokens == 8
    """)
    project.run().assert_outcomes(passed=1)
    assert project.sent == 1
    assert project.results() == []


def test_test_that_takes_only_the_slo_runs_for_each(project: Project) -> None:
    project.suite("def test_it(slo): assert slo.declared.expression")
    project.run("--bench-slo=errors <= 0", "--bench-slo=max(e2e_ms) <= 9000").assert_outcomes(passed=2)


def test_suite_itself_passes_on_a_healthy_service(project: Project) -> None:
    project.ini()
    outcome = project.run("-p", "pytest_asyncio.plugin", *bench.__path__, "-c", "tox.ini", "--bench-slo=errors <= 0")
    outcome.assert_outcomes(passed=6, deselected=9)


@pytest.mark.parametrize(("same_from", "is_broken"), [(2, True), (1, False)], ids=["mixed up", "one id for all"])
def test_answers_that_are_mixed_up_break_the_contract(project: Project, same_from: int, is_broken: bool) -> None:
    """As by a service that keeps the state of one request at a time. same_from: requests at once that get one id."""

    async def mixed_up(provider: Provider, workload: Workload, count: int) -> list[RequestSample]:
        samples = await ask_at_once(provider, workload, count)
        return [replace(each, request_id="the-only-one") if count >= same_from else each for each in samples]

    project.patch.setattr("ragmeter.run.load.single.ask_at_once", mixed_up)
    project.ini()
    contract = f"{bench.__path__[0]}/test_contract.py"
    outcome = project.run("-p", "pytest_asyncio.plugin", contract, "-c", "tox.ini", "-k", "at_once")
    outcome.assert_outcomes(failed=int(is_broken), passed=int(not is_broken), deselected=2)
    if is_broken:
        outcome.stdout.fnmatch_lines(["*two answers have one request id: the-only-one, the-only-one*"])


def test_case_that_could_not_be_measured_is_not_tried_again(project: Project) -> None:
    project.workload(model={"model_id": "another-model"})
    project.suite("""
        def test_first(run_workload):
            run_workload()

        def test_second(run_workload):
            run_workload()
    """)
    outcome = project.run()
    outcome.assert_outcomes(failed=2)
    sentence = "tiny.yaml: $.model.model_id: the manifest demands 'another-model', mine runs 'ground-truth'"
    assert outcome.stdout.str().count(f"\n{sentence}") == 2
    assert project.sent == 0


def test_metadata_hook_adds_a_source_that_knows_better(project: Project) -> None:
    project.pytester.makeconftest("""
        import pytest
        from ragmeter.typing import Source

        def pytest_ragmeter_update_metadata(provider, workload, sources):
            sources.insert(0, Source(origin="inventory", values={"gpu_model": f"H200 of {provider.name}"}))
    """)
    project.run().assert_outcomes(passed=1)
    result = project.result()
    assert result["run_metadata"]["gpu_model"] == "H200 of mine"
    assert result["metadata_origins"]["gpu_model"] == "inventory"
    assert result["metadata_origins"]["model_id"] == "backend /info"


def test_report_hook_changes_what_is_written(project: Project) -> None:
    project.pytester.makeconftest("""
        from dataclasses import replace

        def pytest_ragmeter_update_report(result):
            return replace(result, warnings=(*result.warnings, "measured on a Friday"))
    """)
    project.run().stdout.fnmatch_lines(["*warning: measured on a Friday"])
    assert project.result()["warnings"][-1] == "measured on a Friday"


def test_report_hook_that_returns_nothing_changes_nothing(project: Project) -> None:
    project.pytester.makeconftest("def pytest_ragmeter_update_report(config, result): assert config and result")
    project.run().assert_outcomes(passed=1)


def test_report_hook_that_breaks_the_document_fails_the_test_and_keeps_the_samples(project: Project) -> None:
    project.pytester.makeconftest("""
        from dataclasses import replace

        def pytest_ragmeter_update_report(result):
            return replace(result, requests="many")
    """)
    outcome = project.run()
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.fnmatch_lines(["*.json: $.requests: 'many' is not of type integer"])
    assert len(project.samples()) == 2
