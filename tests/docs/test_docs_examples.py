"""The examples of the documentation, run."""

import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import ragmeter
from ragmeter.clients.files import read_yaml, schema
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.provider import provider_from
from ragmeter.core.inputs.talks import scripts_of_file
from ragmeter.core.inputs.workload import workload_from
from ragmeter.core.money.api_prices import api_prices_from
from ragmeter.core.schedule.design import design_of
from ragmeter.core.verdicts.slo import parse_goodput, parse_slo
from ragmeter.run import store
from ragmeter.run.plan.catalog import load_target
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.docs.pages import DOCS, ROOT, Block, blocks
from tests.tethered import tethered

pytest_plugins = ["pytester"]

ENVIRONMENT = {"RAG_API_TOKEN": "s3cret", "RAG_STAGING_URL": "http://127.0.0.1:9", "OAUTH_CLIENT_SECRET": "s3cret"}
OWN_TESTS = DOCS / "howto-own-tests.md"


def documents(block: Block, folder: Path) -> Any:
    path = folder / "example.yaml"
    path.write_text(block.text, encoding="utf-8")
    return read_yaml(path)


MODEL = ROOT / "k8s" / "components" / "model"
"""Whose kustomization a page shows."""


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.id)
def test_a_manifest_or_provider_file_is_valid(block: Block, tmp_path: Path) -> None:
    document = documents(block, tmp_path)
    match document.get("schema"):
        case "workload.v1":
            workload = workload_from(
                document,
                path=block.id,
                prompts=prompts_of("A question?", path="questions.txt") if "prompts_file" in document else (),
                settings=(),
                schema=schema("workload.v1"),
                find_target=load_target,
            )
            parse_goodput(workload.goodput, block.id)
            slos = workload.slo
        case "provider.v1":
            provider = provider_from(
                document, path=block.id, environment=ENVIRONMENT, base_url=None, schema=schema("provider.v1")
            )
            if provider.target is not None:
                load_target(provider.target, where=block.id)
            slos = provider.slo
        case "api-prices.v1":
            assert api_prices_from(document, schema=schema("api-prices.v1"), where=block.id)
            return
        case _ if document.keys() == {"factors"}:
            assert design_of(document, block.id) is not None
            return
        case _ if "components" in document:
            assert all((MODEL / component / "kustomization.yaml").is_file() for component in document["components"])
            return
        case _:
            assert document.keys() & {"jobs", "latency-gate", "pages"}, "neither a file of ours nor a pipeline"
            return
    for expression in slos:
        parse_slo(expression, block.id)


def pipeline(key: str) -> dict[str, Any]:
    """The pipeline that has a job of this name."""
    documents = [yaml.safe_load(block.text) for block in blocks("yaml")]
    (found,) = [document for document in documents if key in document or key in document.get("jobs", {})]
    return found  # type: ignore[no-any-return]


def test_the_github_job_gates_and_keeps_its_reports() -> None:
    steps = pipeline("measure")["jobs"]["measure"]["steps"]
    commands = [shlex.split(step["run"]) for step in steps if "run" in step]
    assert ["pip", "install", f"ci/ragmeter-{ragmeter.__version__}-py3-none-any.whl"] in commands
    assert any(words[:2] == ["ragmeter", "run"] and "--bench-strict" in words for words in commands)
    kept = [step["with"] for step in steps if step.get("if") == "always()" and "with" in step]
    assert [each["path"] for each in kept] == ["reports/"]
    assert ["ragmeter", "comment", "summary.md"] in commands


def test_the_job_that_uses_the_action_gives_it_inputs_that_it_has() -> None:
    (step,) = [step for step in pipeline("gate")["jobs"]["gate"]["steps"] if "ragmeter@" in step["uses"]]
    action = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text(encoding="utf-8"))
    assert set(step["with"]) <= set(action["inputs"])


def test_the_gitlab_job_gates_and_keeps_its_reports() -> None:
    job = pipeline("latency-gate")["latency-gate"]
    (command,) = job["script"]
    words = shlex.split(command)
    assert words[:2] == ["ragmeter", "run"]
    assert {"--bench-strict", "p90(ttft_ms) <= 1500"} <= set(words)
    assert (job["artifacts"]["when"], job["artifacts"]["paths"]) == ("always", ["reports/"])


@pytest.mark.parametrize(
    ("job", "folder"),
    [
        (pipeline("pages")["pages"], pipeline("pages")["pages"]["artifacts"]["paths"]),
        *(
            (job, [step["with"]["path"] for step in job["steps"] if "upload-pages" in step.get("uses", "")])
            for job in [pipeline("site")["jobs"]["site"]]
        ),
    ],
    ids=["gitlab", "github"],
)
def test_what_is_published_is_what_the_site_is_written_to(job: dict[str, Any], folder: list[str]) -> None:
    said = [*job.get("script", ()), *(step["run"] for step in job.get("steps", ()) if "run" in step)]
    assert "ragmeter site reports -o public" in said
    assert folder == ["public"]


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.id)
def test_python_compiles(block: Block) -> None:
    compile(block.text, block.id, "exec")


@pytest.mark.parametrize("block", blocks("json"), ids=lambda block: block.id)
def test_a_line_of_a_question_file_or_of_a_file_of_sessions_is_read(block: Block) -> None:
    if "turns" in json.loads(block.text):
        (script,) = scripts_of_file(block.text, path="talks.jsonl")
        assert len(script) > 1
        return
    (prompt,) = prompts_of(block.text, path="questions.jsonl")
    assert prompt.text == json.loads(block.text)["prompt"]
    assert prompt.relevant


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with the manifest of the how-to and a provider file, as a reader has them."""
    monkeypatch.setenv("PYTHONPATH", str(Path(ragmeter.__file__).parents[1]))
    (manifest,) = [b.text for b in blocks("yaml") if b.path == OWN_TESTS and "workload.v1" in b.text]
    pytester.path.joinpath("questions.yaml").write_text(manifest, encoding="utf-8")
    pytester.path.joinpath("mine.yaml").write_text("schema: provider.v1\nname: mine\n", encoding="utf-8")
    return pytester


def own_tests() -> str:
    """Every test of the how-to, the five-line one first."""
    return "\n\n".join(b.text for b in blocks("python") if b.path == OWN_TESTS and "def test_" in b.text)


def own_hooks() -> str:
    return "\n\n".join(b.text for b in blocks("python") if b.path == OWN_TESTS and "def pytest_" in b.text)


def test_the_tests_and_hooks_of_the_how_to_run(project: pytest.Pytester) -> None:
    """Against a server that answers as it should: the real service is measured by the suite itself."""
    project.makepyfile(test_service=own_tests())
    project.makeconftest(own_hooks())
    with GroundTruthServer(StreamScript(ttft_ms=5, itl_ms=1, tokens=8), process=True) as server:
        run = project.runpytest_subprocess(
            *("-p", "ragmeter.plugin", "test_service.py", "--provider=./mine.yaml", "--workload=./questions.yaml"),
            *("--base-url", server.base_url, "--bench-slo", "p50(ttft_ms) <= 800"),
            timeout=120,
        )
    run.assert_outcomes(passed=4)  # one of them twice: for the SLO and for the error budget
    (path,) = project.path.glob("reports/ns/mine/*.json")
    result = json.loads(path.read_text(encoding="utf-8"))
    assert (result["requests"], result["success"]) == (50, 50)
    assert "measured during a rolling update" in result["warnings"]
    assert result["run_metadata"]["frontend_image_tag"] == "2.4.1"
    assert result["metadata_origins"]["frontend_image_tag"] == "declared in release notes"


def test_the_ini_file_of_the_option_reference_is_obeyed(project: pytest.Pytester) -> None:
    (block,) = blocks("toml")
    project.path.joinpath("pyproject.toml").write_text(block.text, encoding="utf-8")
    project.path.joinpath("providers").mkdir()
    project.path.joinpath("mine.yaml").rename(project.path / "providers" / "staging.yaml")
    project.makepyfile(test_service=own_tests())
    run = project.runpytest_subprocess(
        *("-p", "ragmeter.plugin", "--collect-only", "-q", "test_service.py"),
        *("--base-url", "http://127.0.0.1:9", "--workload=./questions.yaml"),
        timeout=60,
    )
    run.stdout.fnmatch_lines(["*test_slo*mine-questions-p95-ttft_ms-le-1500*", "*error_ratio-le-0.01*"])


def test_the_ground_truth_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = [b for b in blocks("python") if "GroundTruthServer(" in b.text]
    exec(compile(block.text, block.id, "exec"), {})
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")


def test_shards_of_the_reference_are_planned_sent_and_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As separate programs, which is what they are for. The merged run is the sum of its shards."""
    programs = {b.text.split()[1]: b.text for b in blocks("python") if b.path == DOCS / "reference" / "cli.md"}
    assert sorted(programs) == ["merge.py", "plan.py", "shard.py"]
    for name, text in programs.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(Path(ragmeter.__file__).parents[1]))
    workload = {"schema": "workload.v1", "name": "questions", "cache": {"kv": "natural"}, "prompts": ["Why?", "How?"]}
    load = {"benchmark": {"requests": 21}, "load": {"shape": "constant", "rate_per_s": 40}}
    (tmp_path / "questions.yaml").write_text(yaml.safe_dump({**workload, **load}), encoding="utf-8")

    def started(*arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, *arguments]
        return subprocess.Popen(
            tethered(command), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def said(process: "subprocess.Popen[str]") -> str:
        words, _ = process.communicate(timeout=120)
        assert process.returncode == 0, words
        return words

    with GroundTruthServer(StreamScript(ttft_ms=5, itl_ms=1, tokens=8), process=True) as server:
        provider = {"schema": "provider.v1", "name": "mine", "base_url": server.base_url}
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(provider), encoding="utf-8")
        said(started("plan.py"))
        at = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
        for process in [started("shard.py", str(number), "2", at) for number in range(2)]:
            said(process)
        assert len(server.truths()) == 21
    _, requests, _ = said(started("merge.py", "0.raw.jsonl", "1.raw.jsonl")).split()
    parts = [store.read(tmp_path / f"{number}.raw.jsonl")[1] for number in range(2)]
    assert (int(requests), [len(part) for part in parts]) == (21, [11, 10])
    assert sorted(sample.index for part in parts for sample in part) == list(range(21))
