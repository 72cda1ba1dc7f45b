"""--bench-docs."""

import pytest

from tests._pytest.project import Project, refused

PRINTING = """
    import httpx

    def test_it(provider, ask):
        assert ask().ok
        listed = httpx.get(f"{provider.base_url}/documents", trust_env=False).json()
        print([each["name"] for each in listed["documents"]])
"""


def test_embedded_service_answers_from_the_folder_that_is_named(project: Project) -> None:
    """Its LLM is the ground-truth server; a model is started in tests/e2e."""
    (project.pytester.path / "mine").mkdir()
    (project.pytester.path / "mine" / "opening.md").write_text("# Hours\n\nThe gate opens at nine.")
    project.provider(base_url=None, llm_url=project.service.base_url, local={"engine": "none", "model": "any"})
    project.workload(target="rag")
    project.suite(PRINTING)
    outcome = project.run("--bench-docs=mine", "-s")
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines(["*['opening.md']*"])


@pytest.mark.parametrize(
    ("local", "docs", "words"),
    [
        (False, "mine", "--bench-docs: mine.yaml: only the embedded service takes documents: --provider=local"),
        (True, "nowhere", "nowhere: no such folder"),
        (True, "mine", "mine: has no file that ends in .txt, .md"),
    ],
)
def test_documents_that_nobody_would_take_are_refused(project: Project, local: bool, docs: str, words: str) -> None:
    (project.pytester.path / "mine").mkdir()
    if local:
        project.provider(base_url=None, llm_url=project.service.base_url, local={"engine": "none", "model": "any"})
    else:
        project.provider()
    project.workload()
    refused(project, project.run(f"--bench-docs={docs}"), words)
