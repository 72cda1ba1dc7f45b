"""--bench-seed."""

import pytest

from tests._pytest.project import Project
from tests._pytest.twins import Twins

TWINS = Twins(name="bench_seed", key="benchmark.seed", manifest=1, option=4, environment=3, ini=2)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    project.workload(benchmark={"seed": 1})
    TWINS.hold(project)


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


@pytest.mark.parametrize(
    ("value", "words"),
    [("dice", "'dice' is not a whole number"), ("-1", "$.benchmark.seed: -1 is not >= 0")],
)
def test_bad_value_is_refused(project: Project, value: str, words: str) -> None:
    project.workload(benchmark={"seed": 1})
    TWINS.refuse(project, value, words)
