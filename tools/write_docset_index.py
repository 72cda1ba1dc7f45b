"""Write the index of docs/ that ships with it: run after a change of docs/, of the chunking or of the embedder.

    python -m tools.write_docset_index

A start of the embedded service embeds the pages that the shipped index has in another version, so an old one costs
time and nothing else. A test says when it costs too much.
"""

import argparse
import asyncio
import shutil
import tempfile
from pathlib import Path

from backend.ingest.ingestor import IngestReport
from backend.ingest.reading import work_of
from backend.ingest.sources import Source
from backend.service import build_service
from backend.settings import Settings
from ragmeter.run.local.docset import NAME, pages, shipped_index


def write(index: Path) -> None:
    """Build the docset with the backend's own settings and put it instead of ``index``."""
    with tempfile.TemporaryDirectory(prefix="ragmeter-index-") as folder:
        asyncio.run(_build(Path(folder)))
        if index.is_dir():
            shutil.rmtree(index)
        shutil.copytree(Path(folder) / "docsets" / NAME, index)


async def _build(store: Path) -> None:
    service = build_service(Settings.from_environ({"RAG_DATA_DIR": str(store)}), loopback=True)
    sources = [Source(name=name, content=text) for name, text in pages().items()]
    try:
        reading = await service.readers.read(work_of(sources), service.readers.allowance())
        await service.ingestor.add(reading, IngestReport(docset=NAME))
    finally:
        service.close()


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    write(shipped_index())
