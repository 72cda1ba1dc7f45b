"""--bench-seed."""

from tests._pytest.project import Project


def test_same_seed_asks_the_same_questions_and_another_does_not(project: Project) -> None:
    prompts = [f"Question {n}?" for n in range(12)]
    project.workload(prompts=prompts, prompt_order="random", benchmark={"requests": 12})
    orders = []
    for seed in (7, 7, 8):
        project.run(f"--bench-seed={seed}").assert_outcomes(passed=1)
        assert project.result()["seed"] == seed
        orders.append([s["prompt_index"] for s in sorted(project.samples(), key=lambda s: s["index"])])
        project.forget()
    assert orders[0] == orders[1] != orders[2]
