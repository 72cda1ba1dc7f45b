"""A search of a FAISS index among some of its rows."""

from __future__ import annotations

import math
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from .embedder import Vectors
from .filters import EXACT_ROWS
from .records import Recipe


def search_among(
    index: Any, recipe: Recipe, vectors: Vectors, k: int, passing: npt.NDArray[np.bool_]
) -> tuple[Any, Any]:
    """Scores and rows of the k nearest of the rows that pass, of which there are k at least.

    An approximate index looks at more candidates, the fewer of its rows pass; where it finds less than k nevertheless,
    all rows that pass are compared.
    """
    count = int(passing.sum())
    if count > EXACT_ROWS:
        parameters = _parameters(index, recipe, passing, count / len(passing))
        scores, rows = index.search(vectors, k, params=parameters)
        if (rows >= 0).all():
            return scores, rows
    return _exact(index, vectors, k, np.flatnonzero(passing))


def _parameters(index: Any, recipe: Recipe, passing: npt.NDArray[np.bool_], share: float) -> Any:
    library: Any = faiss  # its types describe the C++ constructors, and not those that it has in Python
    selector = library.IDSelectorBitmap(np.packbits(passing, bitorder="little"))
    match recipe.index_type:
        case "hnsw":
            wider = math.ceil(recipe.index_parameters["efSearch"] / share)
            return library.SearchParametersHNSW(sel=selector, efSearch=wider)
        case "ivf":
            wider = min(index.nlist, math.ceil(index.nprobe / share))
            return library.SearchParametersIVF(sel=selector, nprobe=wider)
    return library.SearchParameters(sel=selector)


def _exact(index: Any, vectors: Vectors, k: int, rows: npt.NDArray[np.int64]) -> tuple[Any, Any]:
    scores = vectors @ index.reconstruct_batch(rows).T
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), axis=1, kind="stable"), 1)
    return np.take_along_axis(scores, order, 1), rows[order]
