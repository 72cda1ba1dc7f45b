"""``ragmeter init``: the files by options, and by questions on a terminal; completion; the list of metrics."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ragmeter.cli import main
from ragmeter.core.requests.metrics import METRICS
from tests.run.http_fake import Answer, serving

NAMED = ("--url", "http://127.0.0.1:1", "--target", "rag")


def init(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    ended = main(["init", *arguments])
    said = capsys.readouterr()
    return ended, said.out, said.err


CASES: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "the least": (NAMED, [".github/workflows/ragmeter.yml", "provider.yaml", "workload.yaml"]),
    "GitLab": ((*NAMED, "--ci", "gitlab"), [".gitlab-ci.yml", "provider.yaml", "workload.yaml"]),
    "no CI": ((*NAMED, "--ci", "none", "--slo", "p50(e2e_ms) <= 3000"), ["provider.yaml", "workload.yaml"]),
    "a chain": (
        ("--url", "http://127.0.0.1:1", "--target", "langserve", "--value", "chain=rag", "--ci", "none"),
        ["provider.yaml", "workload.yaml"],
    ),
    "a model": (
        ("--url", "http://127.0.0.1:1", "--target", "openai", "--model", "small", "--ci", "none", "--question", "Why?"),
        ["provider.yaml", "workload.yaml"],
    ),
}


@pytest.mark.parametrize(("arguments", "names"), CASES.values(), ids=CASES)
def test_the_files_are_written_and_valid(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], names: list[str]
) -> None:
    ended, out, err = init(capsys, str(tmp_path), *arguments)
    assert (ended, err) == (0, "")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == names
    assert f"cd {tmp_path} && ragmeter run --provider=./provider.yaml" in out
    assert main(["validate", str(tmp_path / "provider.yaml"), str(tmp_path / "workload.yaml")]) == 0
    for name in names:
        assert isinstance(yaml.safe_load((tmp_path / name).read_text()), dict)


def test_questions_of_a_file_go_along(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = tmp_path / "asked.jsonl"
    asked.write_text('{"prompt": "Why?", "relevant": ["terms.md"]}\n')
    ended, _, _ = init(capsys, str(tmp_path / "new"), *NAMED, "--questions", str(asked))
    assert ended == 0
    assert (tmp_path / "new" / "questions.jsonl").read_text() == asked.read_text()
    assert main(["validate", str(tmp_path / "new" / "workload.yaml")]) == 0


def test_the_job_hands_the_secrets_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_API_TOKEN", "s3cret")
    _, out, _ = init(capsys, str(tmp_path), *NAMED, "--header", "Authorization: Bearer ${RAG_API_TOKEN}")
    job = yaml.safe_load((tmp_path / ".github" / "workflows" / "ragmeter.yml").read_text())
    (step,) = [each for each in job["jobs"]["measure"]["steps"] if "env" in each]
    assert step["env"] == {"RAG_URL": "${{ vars.RAG_URL }}", "RAG_API_TOKEN": "${{ secrets.RAG_API_TOKEN }}"}
    assert "needs the variable RAG_API_TOKEN in the environment" in out


def test_a_service_that_runs_says_itself_what_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with serving({"/v1/models": Answer(body={"data": [{"id": "small"}]})}) as fake:
        ended, _, _ = init(capsys, str(tmp_path), "--url", fake.url)
    assert ended == 0
    assert yaml.safe_load((tmp_path / "provider.yaml").read_text())["target"] == "openai"
    assert yaml.safe_load((tmp_path / "workload.yaml").read_text())["model"] == {"model_id": "small"}


def test_on_a_terminal_what_is_missing_is_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = {
        "URL of the service": "http://127.0.0.1:1",
        "What is promised": "p50(ttft_ms) <= 700",
        "Its name in reports": "staging",
        "Target": "openai",
        "Model that is asked for": "small",
        "CI": "gitlab",
    }
    asked: list[str] = []

    def reply(question: str) -> str:
        asked.append(question)
        return next(words for name, words in replies.items() if question.rpartition("\n")[2].startswith(name))

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", reply)
    ended, _, err = init(capsys, str(tmp_path))
    assert (ended, err) == (0, "")
    assert len(asked) == len(replies)
    assert yaml.safe_load((tmp_path / "provider.yaml").read_text())["name"] == "staging"
    workload = yaml.safe_load((tmp_path / "workload.yaml").read_text())
    assert (workload["slo"], workload["model"]) == (["p50(ttft_ms) <= 700"], {"model_id": "small"})
    assert (tmp_path / ".gitlab-ci.yml").is_file()


def test_an_input_that_ends_is_no_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", ended)
    assert "--url: missing" in init(capsys, str(tmp_path))[2]
    assert init(capsys, str(tmp_path), *NAMED)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--url: missing; write the URL of the service, such as https://rag.example.com"),
        (("--url", "rag"), "--url: 'rag' is not a URL such as"),
        (("--url", "http://127.0.0.1:1"), "http://127.0.0.1:1: cannot be reached"),
        (("--url", "http://127.0.0.1:1", "--target", "openai"), "target openai: asks for a model, and none is listed"),
        (
            ("--url", "http://127.0.0.1:1", "--target", "hayhooks"),
            "target hayhooks: needs a value; give it with --value",
        ),
        ((*NAMED, "--name", "Mine"), "$.name: 'Mine' is not made of"),
        ((*NAMED, "--slo", "ttft < 2"), "--slo: "),
    ],
)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    ended, out, err = init(capsys, str(tmp_path), *arguments)
    assert (ended, out, len(err.splitlines())) == (2, "", 1)
    assert words in err
    assert [*tmp_path.iterdir()] == []


def test_nothing_is_written_over_without_force(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert init(capsys, str(tmp_path), *NAMED)[0] == 0
    (tmp_path / "workload.yaml").write_text("mine")
    ended, _, err = init(capsys, str(tmp_path), *NAMED)
    assert ended == 2
    assert "provider.yaml" in err
    assert (tmp_path / "workload.yaml").read_text() == "mine"
    assert init(capsys, str(tmp_path), *NAMED, "--force")[0] == 0
    assert (tmp_path / "workload.yaml").read_text() != "mine"
    file = tmp_path / "provider.yaml"
    assert f"{file}: is a file; name a folder" in init(capsys, str(file), *NAMED)[2]


@pytest.mark.parametrize(
    ("ci", "name", "rules"),
    [("github", ".github/workflows/ragmeter.yml", "github-workflows"), ("gitlab", ".gitlab-ci.yml", "gitlab-ci")],
)
def test_the_job_is_what_its_ci_takes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, ci: str, name: str, rules: str
) -> None:
    assert init(capsys, str(tmp_path), *NAMED, "--ci", ci)[0] == 0
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{rules}"]
    done = subprocess.run([*checker, str(tmp_path / name)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_and_options(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("quick", "completion", "bench-slo", "duration"):
        assert word in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=30)


def test_completion_without_its_package_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "pip install 'ragmeter[completion]'" in capsys.readouterr().err


def test_metrics_are_listed_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*METRICS]
    assert all(len(line.split()) > 2 for line in lines)


def test_a_reader_that_has_enough_ends_a_list_quietly() -> None:
    program = f"{shlex.quote(sys.executable)} -c 'from ragmeter.cli import main; raise SystemExit(main())' metrics"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program} | true"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in {0, 141}
    assert done.stderr == ""
