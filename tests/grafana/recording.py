"""A page of vLLM's metrics as it is kept for the fast tests, and what two such pages must have in common."""

import re
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

LEFT_OUT: Final = re.compile(r"(python|http)_|.*_created$")
HEAD: Final = """\
# Recorded by `tox -e vllm` from a vLLM on the CPU, in the middle of a run of the suite. The families of Python, of HTTP
# and of the times of creation are left out. The exporter that serves it multiplies counters and histograms by the
# seconds since its start, and leaves gauges alone.
"""


def recorded(page: str) -> str:
    """The page without what no dashboard reads."""
    families = re.split(r"(?m)^(?=# HELP )", page)
    kept = [family for family in families if family.startswith("# HELP ") and not LEFT_OUT.match(family.split()[2])]
    return HEAD + "".join(kept)


def shape(page: str) -> set[tuple[str, str, tuple[str, ...]]]:
    """Name, type of the family and names of the labels of every sample."""
    return {
        (sample.name, family.type, tuple(sorted(sample.labels)))
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
