"""The tools whose results can be taken over."""

from ragmeter.core.compare.importers.aiperf import AIPERF
from ragmeter.core.compare.importers.demo import DEMO
from ragmeter.core.compare.importers.guidellm import GUIDELLM
from ragmeter.core.compare.importers.inference_perf import INFERENCE_PERF
from ragmeter.core.compare.importers.reading import Importer
from ragmeter.core.compare.importers.vllm_bench import VLLM_BENCH

IMPORTERS: tuple[Importer, ...] = (DEMO, VLLM_BENCH, GUIDELLM, INFERENCE_PERF, AIPERF)


def importer_of(document: object) -> Importer | None:
    """The one that recognises a result."""
    if not isinstance(document, dict):
        return None
    return next((importer for importer in IMPORTERS if importer.recognises(document)), None)
