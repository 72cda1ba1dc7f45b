"""What the index shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from ragmeter.report.tables.over_time import HistoryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Trials of another tool. path: as the page calls the file."""

    path: str
    tool: str
    provider: str
    workload: str | None
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A comparison. claim: the first thing it says. address: of its page; None where there is none."""

    title: str
    started_at: str
    claim: str | None
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """name: of the folder. rows: the newest last. links: by the path of a run, addresses by what they are, the page of
    the run under ``page``. damaged: files that could not be read, by path, with the reason.
    """

    name: str
    rows: tuple[HistoryRow, ...]
    links: Mapping[str, Mapping[str, str]]
    imported: tuple[Imported, ...]
    compared: tuple[Compared, ...]
    damaged: tuple[tuple[str, str], ...]
