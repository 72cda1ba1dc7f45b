"""The store that the settings name."""

from __future__ import annotations

from ..errors import ConfigurationError
from ..settings import Settings
from .embedder import Embedder
from .faiss_store import FaissStore
from .parameters import index_parameters
from .records import Recipe
from .store import Store


def recipe_of(settings: Settings, embedder: Embedder) -> Recipe:
    """Raises ConfigurationError."""
    return Recipe(
        embedding_model_id=embedder.model_id,
        embedding_sha256=embedder.sha256,
        dimension=embedder.dimension,
        chunk_chars=settings.chunk_chars,
        chunk_overlap=settings.chunk_overlap,
        index_type=settings.index_type,
        index_parameters=index_parameters(settings.index_type, settings.index_parameters),
    )


def open_store(settings: Settings, recipe: Recipe) -> Store:
    """Raises ConfigurationError."""
    if settings.postgres_url:
        return _open_postgres(settings, settings.postgres_url, recipe)
    return FaissStore(settings.data_dir, recipe, by_words=settings.retrieval_mode != "dense")


def _open_postgres(settings: Settings, url: str, recipe: Recipe) -> Store:
    try:
        from .postgres.connecting import Database, read_place
        from .postgres.postgres_store import PostgresStore
    except ImportError as error:
        raise ConfigurationError(
            f"RAG_POSTGRES_URL: a library is missing ({error}): python -m pip install 'ragmeter[pgvector]'"
        ) from error
    timeout_s = settings.store_timeout_s
    place = read_place(url, settings.postgres_password, timeout_s)
    return PostgresStore(Database(place, recipe, connections=settings.store_connections, timeout_s=timeout_s), recipe)
