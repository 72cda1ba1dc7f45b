"""Damaged files for every reader: the short form of `python -m experiments.fuzz_files`."""

from pathlib import Path

import pytest

from experiments.fuzz_files import Reader, main, readers, tried
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.traces import trace_of

READERS = list(readers())


@pytest.mark.parametrize("reader", READERS, ids=[f"{each.kind}-{each.name}" for each in READERS])
def test_a_damaged_file_is_a_value_or_a_sentence(reader: Reader, tmp_path: Path) -> None:
    faults, _ = tried(reader, 20261129, 25, tmp_path)
    assert faults == []


def test_a_reader_that_raises_something_else_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faults, _ = tried(Reader("odd", "x.json", b"{}", lambda _: 1 / 0), 1, 3, tmp_path)
    assert [fault.partition(": ")[2] for fault in faults] == ["ZeroDivisionError: division by zero"] * 3
    assert main(["--count", "1", "--seed", "7"]) == 0
    assert "0 faults, peak" in capsys.readouterr().out


@pytest.mark.parametrize("cell", ["x" * 200_000, "\x00"])
def test_a_table_with_a_cell_that_no_table_has_is_a_sentence(cell: str) -> None:
    with pytest.raises(ConfigError, match=r"t\.csv:"):
        trace_of(f'TIMESTAMP,ContextTokens,GeneratedTokens\n"{cell}",1,1\n', path="t.csv")
