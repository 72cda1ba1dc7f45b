"""Late interaction: a passage is as good as the best match in it for each token of the question.

The score of ColBERT (Khattab and Zaharia, https://arxiv.org/abs/2004.12832): of each token of the question the largest
cosine to a token of the passage, here their mean. The vectors are those that the embedder pools: it was not trained for
this, so what it gains is measured (docs/explanation-quality.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from .embedder import Embedder


def scores_of(embedder: Embedder, query: str, texts: Sequence[str]) -> list[float]:
    """A question without a token has nothing that could match: 0 for each text."""
    asked, *passages = embedder.embed_tokens([query, *texts])
    if not len(asked):
        return [0.0] * len(texts)
    return [float((asked @ passage.T).max(axis=1).mean()) if len(passage) else 0.0 for passage in passages]
