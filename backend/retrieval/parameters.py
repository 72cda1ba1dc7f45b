"""Kinds of index, and the parameters of each: fixed and published, so that two runs search alike.

HNSW: Malkov and Yashunin, https://arxiv.org/abs/1603.09320. M: links of a node; efConstruction and efSearch: candidates
that are kept while the graph is built and searched. IVF: inverted lists of a k-means clustering; nlist: lists, nprobe:
lists that a search looks at. The names are those of https://faiss.ai; each store has its own for the same thing.
"""

from __future__ import annotations

from typing import Any

from ..errors import ConfigurationError

METRIC = "inner_product"

_RANGES: dict[str, dict[str, tuple[int, int, int]]] = {
    "flat": {},
    "hnsw": {"M": (32, 4, 100), "efConstruction": (200, 8, 1000), "efSearch": (128, 1, 1000)},
    "ivf": {"nlist": (1024, 1, 32768), "nprobe": (16, 1, 32768)},
}
"""Kind: name: default, least, most. pgvector's limits, which are the narrowest."""

INDEX_TYPES = tuple(_RANGES)

_ROWS_PER_LIST = 39
"""Fewer rows for each list make centroids of noise; FAISS warns below it."""


def index_parameters(index_type: str, given: dict[str, Any]) -> dict[str, Any]:
    """The defaults of a kind, replaced by those given. Raises ConfigurationError."""
    ranges = _RANGES[index_type]
    if unknown := sorted(set(given) - set(ranges)):
        raise ConfigurationError(
            f"RAG_INDEX_PARAMETERS: index {index_type} has no {unknown[0]!r}; it has: {', '.join(ranges) or 'none'}"
        )
    for name, value in given.items():
        _, least, most = ranges[name]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigurationError(
                f"RAG_INDEX_PARAMETERS: {name}: {value!r} is not a whole number from {least} to {most}"
            )
    parameters = {name: default for name, (default, _, _) in ranges.items()} | given
    if index_type == "hnsw" and parameters["efConstruction"] < 2 * parameters["M"]:
        raise ConfigurationError(
            f"RAG_INDEX_PARAMETERS: efConstruction: {parameters['efConstruction']} is less than twice M "
            f"({parameters['M']})"
        )
    return {"metric": METRIC, **parameters}


def lists_for(rows: int, parameters: dict[str, Any]) -> int:
    """How many lists an IVF index of so many rows has: `nlist` once there are enough rows for them."""
    return int(max(1, min(parameters["nlist"], rows // _ROWS_PER_LIST)))


def has_outgrown(lists: int, rows: int, parameters: dict[str, Any]) -> bool:
    """Whether an IVF index of so many lists should be clustered anew: half of its lists are missing, or more."""
    return 2 * lists <= lists_for(rows, parameters)
