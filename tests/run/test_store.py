"""The raw record loses nothing: not by a crash, not by a full disk, not by odd words of a server."""

import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from ragmeter.core.errors import SchemaError, StorageError
from ragmeter.core.requests.records import ErrorClass, RequestSample, ServerTimings
from ragmeter.core.result.failures import FailedTest
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.verdicts.records import Outcome
from ragmeter.run.store import SampleLog, note_tests, read, read_tests
from tests.core.samples import sample
from tests.run.cases import plan
from tests.tethered import importing_as_here

ENDING = RunEnding(status="complete", client_cpu_ratio=0.25, warnings=("slow",))


def write(path: Path, samples: list[RequestSample], ending: RunEnding | None = ENDING) -> Path:
    with SampleLog(path) as log:
        log.plan(plan())
        for each in samples:
            log.sample(each)
        if ending is not None:
            log.ending(ending)
    return log.path


def thousand() -> list[RequestSample]:
    timings = ServerTimings(queue_ms=0.5, total_ms=812.25)
    return [
        sample(
            index=n, at_ms=n * 3.7, timings=timings, documents=("a.md#1", "b.md#2"), request_id=f"r-{n}", trial=n % 2
        )
        if n % 10
        else sample(index=n, at_ms=n, error=ErrorClass.TIMEOUT, error_message=f"no answer: {n}")
        for n in range(1000)
    ]


def test_thousand_samples_come_back_as_they_were(tmp_path: Path) -> None:
    path = write(tmp_path / "ns" / "mine" / "run.raw.jsonl", thousand())
    assert read(path) == (plan(), tuple(thousand()), ENDING)


@pytest.mark.parametrize(
    "words", ["a\u2028b\u2029c", "a\x85b\x0cc\x1e", "two\nlines\r\n", 'quote " and \\', "☕ 𝄞", "\ud800 half"]
)
def test_odd_words_of_a_server_stay_on_their_line(tmp_path: Path, words: str) -> None:
    odd = sample(error=ErrorClass.ERROR_EVENT, error_message=words, documents=(words,))
    path = write(tmp_path / "run.raw.jsonl", [odd, sample(index=1)])
    assert read(path)[1] == (odd, sample(index=1))


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_last_line_that_a_crash_cut_is_left_out(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "run.raw.jsonl", [sample(index=n) for n in range(3)], ending=None)
    content = path.read_bytes()
    path.write_bytes(content[: -cut - 1])
    _, samples, ending = read(path)
    assert [each.index for each in samples] == [0, 1]
    assert (ending.status, ending.reason) == ("interrupted", "the run ended without a word: its process was killed")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda line: line.replace(b'"index": 1', b'"index": "x"'), r"run\.raw\.jsonl:3: \$\.index: "),
        (lambda line: line[:-1] + b"]", r"run\.raw\.jsonl:3: not JSON"),
        (lambda line: line.replace(b'"events_ns": [', b'"events_ns": [99999999999999999999, '), r":3: \$\..*64|:3: \$"),
        (lambda line: b'["sample"]', r"run\.raw\.jsonl:3: not a JSON object"),
    ],
)
def test_damaged_line_of_a_request_is_named(tmp_path: Path, damage: Callable[[bytes], bytes], words: str) -> None:
    path = write(tmp_path / "run.raw.jsonl", [sample(), sample(index=1), sample(index=2)])
    lines = path.read_bytes().split(b"\n")
    lines[2] = damage(lines[2])
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(SchemaError, match=words):
        read(path)


@pytest.mark.parametrize("line", [0, 2])
def test_bytes_that_are_no_text_are_a_fault_of_the_file(tmp_path: Path, line: int) -> None:
    path = write(tmp_path / "run.raw.jsonl", [sample(), sample(index=1)])
    lines = path.read_bytes().split(b"\n")
    lines[line] = lines[line].replace(b'"', b'"\xff', 1)
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(StorageError, match="utf-8"):
        read(path)


def test_lines_as_other_programs_write_them_are_read_alike(tmp_path: Path) -> None:
    path = write(tmp_path / "run.raw.jsonl", [sample(), sample(index=1)])
    as_written = read(path)
    plan, *others = map(json.loads, path.read_text().splitlines())
    path.write_text("\r\n".join(json.dumps(each, indent=None, separators=(" , ", " : ")) for each in (plan, *others)))
    assert read(path) == as_written


def test_record_without_its_ending_is_of_an_interrupted_run(tmp_path: Path) -> None:
    path = write(tmp_path / "run.raw.jsonl", [sample()], ending=None)
    _, samples, ending = read(path)
    assert len(samples) == 1
    assert ending.status == "interrupted"


def test_line_in_the_middle_that_is_not_json_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "run.raw.jsonl", [sample(), sample(index=1)])
    lines = path.read_text().split("\n")
    lines[1] = lines[1][:-5]
    path.write_text("\n".join(lines))
    with pytest.raises(SchemaError, match=r"run\.raw\.jsonl:2: not JSON"):
        read(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "its first line has no plan"),
        ('{"sample": {}}\n', "its first line has no plan"),
        ("[1]\n", "run.raw.jsonl:1: not a JSON object"),
        ('{"plan": {}}\n', r"run.raw.jsonl:1: \$.run_id: Field required"),
    ],
)
def test_file_that_is_no_record_is_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "run.raw.jsonl"
    path.write_text(content)
    with pytest.raises(SchemaError, match=words):
        read(path)


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"nowhere\.jsonl: .*No such file"):
        read(tmp_path / "nowhere.jsonl")


def test_record_that_exists_is_not_written_over(tmp_path: Path) -> None:
    path = write(tmp_path / "run.raw.jsonl", [sample()])
    with pytest.raises(StorageError, match="cannot keep samples there: File exists"):
        SampleLog(path)
    assert len(read(path)[1]) == 1


def log_on_full_disk(path: Path) -> SampleLog:
    """/dev/full refuses every write, as a full disk does."""
    log = SampleLog(path)
    assert log._stream is not None
    log._stream.close()
    log._stream = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - the log closes it
    return log


def test_full_disk_loses_no_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = tmp_path / "run.raw.jsonl"
    log = log_on_full_disk(path)
    log.plan(plan())
    log.sample(sample())
    log.sample(sample(index=1))
    log.ending(ENDING)
    rescued = log.close()
    assert log.failure == "No space left on device"
    assert rescued != path
    assert rescued == log.path
    assert read(rescued) == (plan(), (sample(), sample(index=1)), ENDING)


def test_full_disk_without_a_place_for_temporary_files_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    log = log_on_full_disk(tmp_path / "run.raw.jsonl")
    log.plan(plan())
    with pytest.raises(StorageError, match=r"No space left on device; and no temporary file either"):
        log.close()


def test_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError, match=r"taken/run\.raw\.jsonl: cannot keep samples there: "):
        SampleLog(tmp_path / "taken" / "run.raw.jsonl")


def test_record_is_closed_when_the_run_fails(tmp_path: Path) -> None:
    def run() -> None:
        with SampleLog(path) as log:
            log.plan(plan())
            log.sample(sample())
            raise ZeroDivisionError

    path = tmp_path / "run.raw.jsonl"
    with pytest.raises(ZeroDivisionError):
        run()
    assert len(read(path)[1]) == 1


def test_sample_survives_the_death_of_its_process(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from ragmeter.run.store import SampleLog
        from tests.core.samples import sample
        from tests.run.cases import plan
        log = SampleLog(Path(sys.argv[1]))
        log.plan(plan())
        log.sample(sample())
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    path = tmp_path / "run.raw.jsonl"
    environment = importing_as_here()
    ended = subprocess.run([sys.executable, "-c", program, path], check=False, env=environment, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert read(path)[1] == (sample(),)


def test_the_tests_that_failed_are_kept_beside_the_samples_and_their_absence_is_not_none_failed(tmp_path: Path) -> None:
    failed = FailedTest(test='test_"x"[a]', outcome=Outcome.FAIL, sentence="a\nb")
    path = write(tmp_path / "a.raw.jsonl", [sample()])
    assert read_tests(path) is None
    note_tests(path, [])
    assert read_tests(path) == ()
    note_tests(path, [failed, failed])
    assert read_tests(path) == (failed, failed)
    assert len(read(path)[1]) == 1
    path.write_text(path.read_text() + '{"failed_tests": [{"test": 3}]}\n')
    with pytest.raises(SchemaError, match=r"a\.raw\.jsonl: failed_tests"):
        read_tests(path)
    with pytest.raises(StorageError, match="cannot keep which tests failed"):
        note_tests(tmp_path / "nowhere" / "a.raw.jsonl", [])
