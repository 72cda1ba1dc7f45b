"""--bench-trials."""

from tests._pytest.project import Project


def test_each_trial_has_all_the_requests_and_prompts_of_its_own_seed(project: Project) -> None:
    prompts = [f"Question {n}?" for n in range(12)]
    project.workload(prompts=prompts, prompt_order="random", benchmark={"requests": 12, "concurrency": 12})
    project.run("--bench-trials=2").assert_outcomes(passed=1)
    result = project.result()
    assert (result["trials"], result["measured_requests"], project.sent) == (2, 24, 24)
    samples = project.samples()
    first, second = ([s["prompt_index"] for s in samples if s["trial"] == trial] for trial in (0, 1))
    assert sorted(first) == sorted(second) == list(range(12))
    assert [s["index"] for s in sorted(samples, key=lambda s: s["index"])] == list(range(24))
    by_index = [s["prompt_index"] for s in sorted(samples, key=lambda s: s["index"])]
    assert by_index[:12] != by_index[12:]
