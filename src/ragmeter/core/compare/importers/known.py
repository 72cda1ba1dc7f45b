"""The tools whose results can be taken over."""

from collections.abc import Sequence

from ragmeter.core.compare.importers.aiperf import AIPERF
from ragmeter.core.compare.importers.checks import checked
from ragmeter.core.compare.importers.demo import DEMO
from ragmeter.core.compare.importers.guidellm import GUIDELLM
from ragmeter.core.compare.importers.inference_perf import INFERENCE_PERF
from ragmeter.core.compare.importers.llmperf import LLMPERF
from ragmeter.core.compare.importers.reading import Document, Importer, Reading
from ragmeter.core.compare.importers.sglang import SGLANG
from ragmeter.core.compare.importers.vllm_bench import VLLM_BENCH

IMPORTERS: tuple[Importer, ...] = (DEMO, VLLM_BENCH, SGLANG, GUIDELLM, INFERENCE_PERF, AIPERF, LLMPERF)


def importer_of(document: object) -> Importer | None:
    """The one that recognises a result, or the first of a list of results."""
    if isinstance(document, list):
        document = document[0] if document else None
    if not isinstance(document, dict):
        return None
    return next((importer for importer in IMPORTERS if importer.recognises(document)), None)


def readings_of(importer: Importer, document: object) -> Sequence[Reading]:
    """Every result of a file, without the figures that do not add up.

    Raises ValueError for one that is not as the tool writes it.
    """
    found: list[Reading] = []
    documents = document if isinstance(document, list) else [document]
    for place, each in enumerate(documents, start=1):
        try:
            found += [checked(importer.read(part)) for part in _parts(importer, each)]
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            where = f"result {place}: " if len(documents) > 1 else ""
            raise ValueError(f"{where}{type(error).__name__}: {_short(error, each)}") from error
    return found


def _parts(importer: Importer, document: object) -> Sequence[Document]:
    if not isinstance(document, dict) or not importer.recognises(document):
        raise ValueError("is no result of this tool")
    return importer.parts(document)


def _short(error: Exception, document: Document | object) -> str:
    """What was wrong; a key that is missing is shown beside those that are there."""
    words = str(error)[:200]
    if isinstance(error, KeyError) and isinstance(document, dict):
        return f"{words} is missing; it has {', '.join(map(str, list(document)[:12]))}"
    return words
