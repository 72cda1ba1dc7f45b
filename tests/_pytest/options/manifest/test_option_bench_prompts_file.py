"""--bench-prompts-file."""

import pytest

from tests._pytest.project import Project, refused


def prompts(project: Project, name: str, *lines: str) -> str:
    (project.pytester.path / name).write_text("\n".join(lines), encoding="utf-8")
    return name


def asked(project: Project) -> list[str]:
    (plan,) = project.lines("plan")
    return [prompt["text"] for prompt in plan["workload"]["prompts"]]


def test_what_it_replaced_is_recorded_and_the_hash_is_of_what_is_asked(project: Project) -> None:
    project.run().assert_outcomes(passed=1)
    before = project.result()["workload_manifest_hash"]
    project.forget()
    own = prompts(project, "mine.txt", "Another?", "", "And?")
    project.run(f"--bench-prompts-file={own}").assert_outcomes(passed=1)
    assert asked(project) == ["Another?", "And?"]
    result = project.result()
    assert result["workload_manifest_hash"] != before
    (override,) = result["overrides"]
    assert (override["key"], override["used"]) == ("prompts_file", "mine.txt")
    assert override["manifest"] == ["What is the time to first token?", "Why is it not the time to the first byte?"]
    assert "prompts" not in result["workload"]


@pytest.mark.parametrize(
    ("text", "words"), [(None, "nowhere.txt: No such file"), ("\n\n", "nowhere.txt: has no prompts")]
)
def test_a_file_without_prompts_is_refused(project: Project, text: str | None, words: str) -> None:
    if text is not None:
        prompts(project, "nowhere.txt", text)
    refused(project, project.run("--bench-prompts-file=nowhere.txt"), words)
