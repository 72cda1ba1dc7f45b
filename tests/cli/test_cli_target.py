"""``ragmeter target check`` against a server whose answers are known, and how bad descriptions end it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragmeter.cli import main
from ragmeter.testing import GroundTruthServer


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer() as running:
        yield running


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    ended = main(["target", "check", *arguments])
    said = capsys.readouterr()
    return ended, said.out, said.err


@pytest.mark.parametrize("target", ["rag", "query-stream", "openai", "openai-chat"])
def test_each_event_stands_beside_what_was_read_of_it(
    capsys: pytest.CaptureFixture[str], server: GroundTruthServer, target: str
) -> None:
    ended, out, _ = check(capsys, target, "--url", server.base_url, "--model", "ground-truth", "--prompt", "Why?")
    assert ended == 0
    first, *rest = out.splitlines()
    assert first.startswith(f"POST {server.base_url}/")
    assert '"Why?"' in rest[1]
    assert sum(line.strip().startswith("text") for line in rest) == 16
    assert "a whole answer: 16 text events" in out
    assert "tokens 16 by usage" in out
    assert any("the end" in line for line in rest)


def test_what_is_unknown_is_said_with_its_reason(capsys: pytest.CaptureFixture[str], server: GroundTruthServer) -> None:
    _, out, _ = check(capsys, "openai-chat", "--url", server.base_url, "--model", "ground-truth")
    assert "unknown: documents: no sources were found" in out
    assert "unknown: queue_ms, embedding_ms, retrieval_ms" in out


def test_an_answer_that_failed_is_1(capsys: pytest.CaptureFixture[str], server: GroundTruthServer) -> None:
    url = server.url("error_event")
    ended, out, _ = check(capsys, "openai-chat", "--url", url, "--model", "ground-truth")
    assert ended == 1
    assert "failed: error event: EngineDeadError: the engine died" in out


def test_secrets_of_a_provider_are_not_shown(
    capsys: pytest.CaptureFixture[str], server: GroundTruthServer, tmp_path: Path
) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(f"name: p\nbase_url: {server.base_url}\nheaders: {{authorization: Bearer s3cret}}\n")
    ended, out, err = check(capsys, "query-stream", "--provider", str(file))
    assert ended == 0
    assert "authorization" in out
    assert "s3cret" not in out + err


def test_target_of_a_provider_file_is_checked_where_no_other_is_named(
    capsys: pytest.CaptureFixture[str], server: GroundTruthServer, tmp_path: Path
) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(f"name: p\nbase_url: {server.base_url}\n")
    assert "has no key target: name one" in check(capsys, "--provider", str(file))[2]
    file.write_text(f"name: p\nbase_url: {server.base_url}\ntarget: {{preset: query-stream}}\n")
    assert "a whole answer" in check(capsys, "--provider", str(file))[1]
    assert "which has its values itself" in check(capsys, "--provider", str(file), "--value", "a=b")[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--url", "http://127.0.0.1:1"), "no target: name one"),
        (("nobody", "--url", "http://127.0.0.1:1"), "unknown target 'nobody'; known: rag, openai, anthropic"),
        (("langserve", "--url", "http://127.0.0.1:1"), "$.target.values.chain: missing: the target needs it"),
        (("query-stream", "--url", "127.0.0.1:1"), "--url: '127.0.0.1:1' is not a URL such as"),
        (("query-stream", "--url", "http://127.0.0.1:1"), "cannot be reached"),
        (("hayhooks", "--url", "http://127.0.0.1:1", "--value", "pipeline"), "--value: 'pipeline' is not NAME=VALUE"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    ended, _, err = check(capsys, *arguments)
    assert (ended, len(err.splitlines())) == (2, 1)
    assert words in err


def test_shipped_targets_are_listed_and_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["targets"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"anthropic", "dify", "hayhooks", "langserve", "ollama", "openai-chat", "query-stream"} <= {*listed}
    files = Path(__file__).parents[2] / "targets"
    assert main(["validate", *(str(files / f"{name}.yaml") for name in listed)]) == 0
