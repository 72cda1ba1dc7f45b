"""kill -9 in the middle of an ingest leaves an index that is whole."""

from pathlib import Path

from experiments.killed_ingests import killed

KILLS = 4
"""Each is a start of the service; `tox -e endurance` has hundreds."""


def test_index_is_whole_after_each_kill(tmp_path: Path) -> None:
    found = killed(tmp_path, KILLS, seed=7)
    assert set(found) <= {"old", "new"}, found
    assert sum(found.values()) == KILLS
