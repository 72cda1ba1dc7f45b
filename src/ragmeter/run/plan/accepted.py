"""The folder of accepted runs: what a baseline is kept in, under version control or in the cache of a pipeline."""

from pathlib import Path

from ragmeter.clients.files import write_atomically
from ragmeter.core.errors import RagmeterError, StorageError
from ragmeter.core.run.plan import RunPlan
from ragmeter.run import store


def accept(path: Path, plan: RunPlan, folder: Path) -> Path:
    """Copy a raw record into the folder, under the id of its run. Raises StorageError."""
    wanted = folder / f"{plan.run_id}{store.suffix}"
    copy_record(path, wanted)
    return wanted


def copy_record(path: Path, wanted: Path) -> None:
    """Raises StorageError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path}: {error}") from error
    write_atomically(wanted, text)


def accepted(folder: Path) -> list[tuple[Path, RunPlan]]:
    """Raw records in the folder with their plans; what is none is passed over."""
    found = []
    for path in sorted(folder.glob(f"*{store.suffix}")):
        try:
            found.append((path, store.read_plan(path)))
        except RagmeterError:
            continue
    return found
