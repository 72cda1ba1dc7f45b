"""Files that people write, and results that must not be lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from ragmeter.clients.files import (
    check_writable,
    data_dir,
    known_schemas,
    read_text,
    read_yaml,
    schema,
    write_atomically,
)
from ragmeter.core.errors import ConfigError, StorageError
from ragmeter.core.result.documents import written
from tests.tethered import importing_as_here


@pytest.mark.parametrize("name", ["schemas", "workloads", "fixtures", "requirements", "docs"])
def test_folders_that_ship_with_us_are_found(name: str) -> None:
    assert any(data_dir(name).iterdir())


def test_folder_that_is_missing_is_a_broken_installation() -> None:
    with pytest.raises(ConfigError, match="installed without its folder 'nonsense'; reinstall it"):
        data_dir("nonsense")


def test_every_schema_is_known_by_its_name() -> None:
    names = known_schemas()
    assert {*written, "api-prices.v1", "provider.v1", "slo.v1", "target.v1", "workload.v1"} == set(names)
    assert all(schema(name)["$id"] == f"urn:ragmeter:{name}" for name in names)


def test_unknown_schema_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no schema 'workload\.v9'; known: api-prices\.v1, .*workload\.v1"):
        schema("workload.v9")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1\n", r"x\.yaml:2:1: not YAML: "),
        ("a: 1\nb: 2\na: 3\n", r"x\.yaml:3:1: not YAML: the key 'a' is written twice"),
        ("o: {b: 1, b: 2}\n", r"x\.yaml:1:11: not YAML: the key 'b' is written twice"),
        ("a: !!python/object:os.system {}\n", r"x\.yaml:1:4: not YAML: could not determine a constructor"),
        ("? [a]\n: b\n", r"x\.yaml:1:\d: not YAML: found unhashable key"),
        ("a: \x00\n", r"x\.yaml: not YAML: "),
        ("a: 1\n---\nb: 2\n", r"x\.yaml:2:1: not YAML: but found another document"),
    ],
)
def test_yaml_that_is_wrong_is_an_error_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_yaml(path)


def test_dates_stay_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("as_of: 2026-01-30\nat: 2026-01-30T10:00:00Z\n")
    assert read_yaml(path) == {"as_of": "2026-01-30", "at": "2026-01-30T10:00:00Z"}


def test_file_that_is_not_utf8_is_named_with_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"caf\xe9 \n")
    with pytest.raises(ConfigError, match=r"x\.txt: not UTF-8 text: .* at byte 3"):
        read_text(path)


@pytest.mark.parametrize("name", ["nowhere.txt", "."])
def test_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"No such file|Is a directory"):
        read_text(tmp_path / name)


def test_result_replaces_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "result.json"
    write_atomically(path, "first, and longer")
    write_atomically(path, "second ☕")
    assert path.read_text(encoding="utf-8") == "second ☕"
    assert [each.name for each in path.parent.iterdir()] == ["result.json"]


def test_result_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    """A process may write no more than 4 KiB into a file: as on a full disk, the error comes in the middle."""
    path = tmp_path / "result.json"
    path.write_text("old")
    program = (
        "import resource, signal, sys; from pathlib import Path; from ragmeter.clients.files import write_atomically\n"
        "from ragmeter.core.errors import StorageError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))\n"
        "try: write_atomically(Path(sys.argv[1]), 'x' * 100_000)\n"
        "except StorageError as error: print(error)\n"
        "finally: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))"
    )
    environment = importing_as_here()
    command = [sys.executable, "-c", program, str(path)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)
    assert ended.stdout == f"{path}: File too large\n", ended.stderr
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path, below: str) -> None:
    (tmp_path / "taken").write_text("")
    folder = tmp_path / "taken" / below
    with pytest.raises(StorageError, match=r"cannot keep results there: (Not a directory|File exists)"):
        check_writable(folder)
    with pytest.raises(StorageError, match=r"result\.json: (Not a directory|File exists)"):
        write_atomically(folder / "result.json", "")


def test_check_of_a_folder_makes_it_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
