"""The files of a folder as an ingest reads and cuts them: python -m backend.ingest.documents FOLDER

It prints a JSON object a line, for each chunk or for a file that is left out:

    {"id": "guide.md#0", "document": "guide.md", "section": "Guide", "text": "…"}
    {"refused": "scan.pdf: it holds no text"}

A program of its own: whatever a hostile file does to a parser ends it and nothing else. A document is named by its path
in the folder. Files of other kinds are not looked at, and neither are hidden ones.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import BadRequestError, ConfigurationError, ServiceError, TooLargeError
from ..retrieval.records import Chunk
from ..settings import Settings
from .chunking import split
from .loaders import LOADERS, FileLimits
from .sources import Source, text_of


def main(arguments: list[str]) -> int:
    """Exit status 2 and one sentence when there is nothing to read, or too much."""
    try:
        (folder,) = arguments
        for line in described(Path(folder), Settings.from_environ(os.environ)):
            sys.stdout.write(json.dumps(line) + "\n")
    except ValueError:
        sys.stderr.write("usage: python -m backend.ingest.documents FOLDER\n")
        return 2
    except (ConfigurationError, ServiceError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def described(folder: Path, settings: Settings) -> Iterator[dict[str, Any]]:
    """Raises BadRequestError or TooLargeError."""
    files = _files(folder)
    if len(files) > settings.max_documents:
        raise TooLargeError(
            f"{folder}: {len(files)} documents are more than RAG_MAX_DOCUMENTS ({settings.max_documents})"
        )
    count = 0
    for name, path in files.items():
        try:
            chunks = chunks_of(Source(name=name, content=_content(name, path, settings)), settings)
        except ServiceError as error:
            yield {"refused": str(error)}
            continue
        except Exception as error:  # a parser's own fault in what it was given
            yield {"refused": f"{name}: cannot be read: {type(error).__name__}: {str(error)[:200]}"}
            continue
        count += len(chunks)
        if count > settings.max_chunks:
            raise TooLargeError(f"{folder}: more than {settings.max_chunks} chunks (RAG_MAX_CHUNKS)")
        for chunk in chunks:
            yield {"id": chunk.id, "document": chunk.name, "section": chunk.section, "text": chunk.text}


def chunks_of(source: Source, settings: Settings) -> list[Chunk]:
    """Raises ServiceError when it has a bad name or no text."""
    text = text_of(source, FileLimits(pages=settings.max_pages, unpacked_bytes=settings.max_text_bytes))
    passages = split(text, chars=settings.chunk_chars, overlap=settings.chunk_overlap)
    return [
        Chunk(name=source.name, number=number, section=passage.section, text=passage.text)
        for number, passage in enumerate(passages)
    ]


def _files(folder: Path) -> dict[str, Path]:
    """By name, sorted. Raises BadRequestError when there is none."""
    if not folder.is_dir():
        raise BadRequestError(f"{folder}: is not a folder")
    found: dict[str, Path] = {}
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [Path(at, name) for name in names if not name.startswith(".")]
        found |= {path.relative_to(folder).as_posix(): path for path in paths if path.suffix.lower() in LOADERS}
    if not found:
        raise BadRequestError(f"{folder}: has no file that ends in {', '.join(LOADERS)}")
    return dict(sorted(found.items()))


def _content(name: str, path: Path, settings: Settings) -> bytes:
    """Raises BadRequestError for what is not a file of a size that an ingest takes: a link may lead anywhere."""
    if path.is_symlink() or not path.is_file():
        raise BadRequestError(f"{name}: is a link, or no file")
    if (size := path.stat().st_size) > settings.max_upload_bytes:
        raise TooLargeError(f"{name}: {size} bytes are more than RAG_MAX_UPLOAD_BYTES ({settings.max_upload_bytes})")
    return path.read_bytes()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
