"""A user's documents, on their way into the embedded service: file by file, in requests that it takes."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx

from ragmeter.core.errors import ConfigError, LocalServiceError

KINDS: Final = (".txt", ".md", ".markdown", ".html", ".htm", ".pdf", ".docx")
"""Files that the backend reads."""
REQUEST_FILES: Final = 50
REQUEST_BYTES: Final = 32 << 20
"""Of one request; a larger file goes alone, and the backend says whether it takes it."""
REQUEST_S: Final = 900.0
SHOWN: Final = 5


def files_of(folder: Path, where: str) -> dict[str, Path]:
    """By their path in the folder, sorted, without hidden ones and links. Raises ConfigError where none is left."""
    if not folder.is_dir():
        raise ConfigError(f"{where}: {folder}: {'is no folder' if folder.exists() else 'no such folder'}")
    found: dict[str, Path] = {}
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [Path(at, name) for name in names if not name.startswith(".") and name.lower().endswith(KINDS)]
        found |= {path.relative_to(folder).as_posix(): path for path in paths if not path.is_symlink()}
    if not found:
        raise ConfigError(f"{where}: {folder}: has no file that ends in {', '.join(KINDS)}")
    return dict(sorted(found.items()))


def ingest_folder(client: httpx.Client, folder: Path, docset: str, say: Callable[[str], None]) -> None:
    """Have the service read every file. One that it refuses is said, with its reason, and the others are there.

    Raises LocalServiceError when it takes none, ConfigError as `files_of`.
    """
    files = files_of(folder, "$.local.docs")
    refused: list[str] = []
    for batch in _batches(files):
        refused += _refusals(_sent(client, batch, docset), batch)
    taken = len(files) - len(refused)
    if not taken:
        raise LocalServiceError(f"{folder}: none of its {len(files)} files could be ingested: {refused[0]}")
    say(f"local: {taken} of {len(files)} documents of {folder} ingested")
    for words in refused[:SHOWN]:
        say(f"local: refused: {words}")
    if len(refused) > SHOWN:
        say(f"local: refused: and {len(refused) - SHOWN} others")


def _batches(files: dict[str, Path]) -> Iterator[dict[str, Path]]:
    batch: dict[str, Path] = {}
    size = 0
    for name, path in files.items():
        own = path.stat().st_size
        if batch and (len(batch) == REQUEST_FILES or size + own > REQUEST_BYTES):
            yield batch
            batch, size = {}, 0
        batch[name] = path
        size += own
    yield batch


def _sent(client: httpx.Client, batch: dict[str, Path], docset: str) -> dict[str, Any]:
    pieces = [("files", (name, path.read_bytes())) for name, path in batch.items()]
    try:
        response = client.post("/ingest", files=pieces, data={"docset": docset}, timeout=REQUEST_S)
        document = response.json()
    except httpx.HTTPError as error:
        raise LocalServiceError(f"{client.base_url}/ingest: {error or type(error).__name__}") from error
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise LocalServiceError(f"{client.base_url}/ingest: HTTP {response.status_code}: {response.text[:300]}")
    return document


def _refusals(told: dict[str, Any], batch: dict[str, Path]) -> list[str]:
    """A sentence for each file of the batch that was not taken; they share one where the whole request was refused."""
    if told.get("errors"):
        return [_named(str(each.get("name")), str(each.get("error"))) for each in told["errors"]]
    if "ingested" not in told or told.get("message"):
        return [_named(name, str(told.get("message") or told.get("error"))) for name in batch]
    return []


def _named(name: str, reason: str) -> str:
    return reason if reason.startswith(name) else f"{name}: {reason}"
