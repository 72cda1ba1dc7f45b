"""The tools whose results can be taken over."""

from ragmeter.core.importers.demo import DEMO
from ragmeter.core.importers.reading import Importer

IMPORTERS: tuple[Importer, ...] = (DEMO,)


def importer_of(document: object) -> Importer | None:
    """The one that recognises a result."""
    if not isinstance(document, dict):
        return None
    return next((importer for importer in IMPORTERS if importer.recognises(document)), None)
