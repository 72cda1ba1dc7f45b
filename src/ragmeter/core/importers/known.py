"""The tools whose results can be taken over."""

from ragmeter.core.importers.aiperf import AIPERF
from ragmeter.core.importers.demo import DEMO
from ragmeter.core.importers.guidellm import GUIDELLM
from ragmeter.core.importers.inference_perf import INFERENCE_PERF
from ragmeter.core.importers.reading import Importer
from ragmeter.core.importers.vllm_bench import VLLM_BENCH

IMPORTERS: tuple[Importer, ...] = (DEMO, VLLM_BENCH, GUIDELLM, INFERENCE_PERF, AIPERF)


def importer_of(document: object) -> Importer | None:
    """The one that recognises a result."""
    if not isinstance(document, dict):
        return None
    return next((importer for importer in IMPORTERS if importer.recognises(document)), None)
