"""Builds a docset before the service starts, so that every replica answers from the same documents.

    python seed_docset.py FOLDER

Files below FOLDER that the service can read, by their ending, go into the docset RAG_DOCSET, named by their path. A
docset that is there already is brought up to date. Exit status 1 when a file could not be read.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from backend.errors import ConfigurationError, ServiceError
from backend.ingest.ingestor import IngestReport
from backend.ingest.loaders import LOADERS
from backend.ingest.reading import work_of
from backend.ingest.sources import Source
from backend.service import build_service
from backend.settings import Settings


async def seed(settings: Settings, folder: Path) -> IngestReport:
    """Raises ConfigurationError, or ServiceError when no file could be read."""
    service = build_service(settings, loopback=True)
    report = IngestReport(docset=settings.docset)
    try:
        reading = await service.readers.read(work_of(_sources(folder)), service.readers.allowance())
        await service.ingestor.add(reading, report)
    finally:
        service.close()
    return report


def _sources(folder: Path) -> list[Source]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in LOADERS)
    return [Source(name=path.relative_to(folder).as_posix(), content=path.read_bytes()) for path in files]


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if len(arguments) == 1 else None
    if folder is None or not folder.is_dir():
        sys.stderr.write(f"usage: seed_docset.py FOLDER; {' '.join(arguments)!r} is not a folder\n")
        return 2
    try:
        report = asyncio.run(seed(Settings.from_environ(os.environ), folder))
    except (ConfigurationError, ServiceError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    for rejected in report.errors:
        sys.stderr.write(f"error: {rejected['name']}: {rejected['error']}\n")
    sys.stdout.write(f"docset {report.docset}: {report.ingested} documents, {report.chunks} chunks\n")
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
