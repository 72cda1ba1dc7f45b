"""Which saved run is the baseline."""

from dataclasses import replace
from pathlib import Path

import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.run.plan import RunEnding
from ragmeter.run.plan.baseline import load_baselines
from ragmeter.run.store import SampleLog
from tests.run.cases import plan


def write(path: Path, *, day: int = 1, status: str = "complete", provider: str = "mine", run_id: str = "a") -> Path:
    log = SampleLog(path)
    log.plan(replace(plan(provider=provider), started_at=f"2026-02-{day:02}T10:15:30+00:00", run_id=run_id))
    if status != "killed":
        log.ending(RunEnding(status="complete" if status == "complete" else "interrupted"))
    return log.close()


def find(named: str, last_in: Path = Path("nowhere")) -> str:
    return found(named, last_in)[0]


def found(named: str, last_in: Path = Path("nowhere")) -> list[str]:
    runs = load_baselines(named, last_in=last_in, provider="mine", workload="tiny", origin="--bench-baseline")
    return [run.path for run in runs]


def test_a_file_is_taken_whatever_it_is_of(tmp_path: Path) -> None:
    path = write(tmp_path / "a.raw.jsonl", provider="other", status="interrupted")
    assert find(str(path)) == str(path)


@pytest.mark.parametrize("last", [True, False])
def test_of_a_folder_it_is_the_newest_complete_run_of_the_same(tmp_path: Path, last: bool) -> None:
    write(tmp_path / "old.raw.jsonl", day=1)
    newest = write(tmp_path / "deep" / "newest.raw.jsonl", day=5)
    write(tmp_path / "interrupted.raw.jsonl", day=6, status="interrupted")
    write(tmp_path / "killed.raw.jsonl", day=7, status="killed")
    write(tmp_path / "other.raw.jsonl", day=8, provider="other")
    (tmp_path / "broken.raw.jsonl").write_text("{")
    assert find("last" if last else str(tmp_path), last_in=tmp_path) == str(newest)


def test_of_a_folder_every_session_counts_once_and_of_last_the_newest_alone(tmp_path: Path) -> None:
    days = [write(tmp_path / f"{day}.raw.jsonl", day=day) for day in (3, 2, 1)]
    write(tmp_path / "3-copied.raw.jsonl", day=3)
    write(tmp_path / "3-aa.raw.jsonl", day=3, run_id="a-aa")
    of_folder = found(str(tmp_path))
    assert len(of_folder) == 3
    assert of_folder[1:] == [str(path) for path in days[1:]]
    assert found("last", last_in=tmp_path) == of_folder[:1]


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("nobody", "--bench-baseline: 'nobody' is no file and no folder; write a raw record, a folder or 'last'"),
        ("last", "--bench-baseline: no complete run of tiny @ mine in nowhere"),
        ("result.json", "result.json: is no raw record, whose name ends in .raw.jsonl"),
        ("broken.raw.jsonl", "is not a raw record of a run: its first line has no plan"),
    ],
)
def test_what_cannot_be_a_baseline_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("result.json").write_text("{}")
    Path("broken.raw.jsonl").write_text('{"sample": {}}\n{"sample": {}}\n')
    with pytest.raises(ConfigError) as caught:
        find(named)
    assert sentence in str(caught.value)
