"""Bodies of requests. An unknown key is an error: a misspelt `k` must not be measured as the default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .parsing import DOCSET_NAME

_SHOWN_CHARS = 60

Docset = Annotated[str, Field(pattern=f"^{DOCSET_NAME.pattern}$", examples=["default"])]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Turn(_Body):
    role: Literal["user", "assistant"]
    content: str = Field(max_length=100_000)


class QueryRequest(_Body):
    """`k` 0 asks the LLM without retrieval. No session is kept: `session_id` is echoed, `history` is sent."""

    query: str = Field(min_length=1, max_length=100_000)
    session_id: str | None = Field(default=None, max_length=128)
    history: list[Turn] = Field(default_factory=list, max_length=200)
    k: int | None = Field(default=None, ge=0)
    docset: Docset | None = None
    max_tokens: int | None = Field(default=None, ge=1, le=131_072)


class IngestDocument(_Body):
    content: str
    meta: dict[str, Any] = Field(default_factory=dict)


class IngestRequest(_Body):
    documents: list[IngestDocument] = Field(default_factory=list)
    texts: list[str] = Field(default_factory=list)
    urls: list[str] = Field(default_factory=list)
    sitemap_url: str | None = None
    docset: Docset | None = None


class DeleteRequest(_Body):
    """`filenames` and `keys` both name documents; `document_ids` are the ids that /documents lists."""

    all: bool = False
    filenames: list[str] = Field(default_factory=list)
    keys: list[str] = Field(default_factory=list)
    document_ids: list[str] = Field(default_factory=list)
    docset: Docset | None = None


class BenchmarkRequest(_Body):
    """What is not given is not the manifest's but the default here: the server knows what it starts."""

    concurrency: int = Field(default=10, ge=1)
    requests: int = Field(default=100, ge=1)
    warmup_requests: int = Field(default=0, ge=0)
    timeout: float = Field(default=120, gt=0)
    max_output_tokens: int | None = Field(default=None, ge=1, le=131_072)
    show_errors: int = Field(default=3, ge=0, le=100)
    workload: str = Field(default="standard", pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    k: int | None = Field(default=None, ge=0)
    docset: Docset | None = None
    trials: int = Field(default=1, ge=1)
    parallelism: int = Field(default=1, ge=1)

    @property
    def planned(self) -> int:
        """Requests of the whole run."""
        return self.requests * self.trials + self.warmup_requests


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Its JSON Schema for OpenAPI, with nested models written out in place."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    resolved: dict[str, Any] = _resolve(schema, definitions)
    return resolved


def _resolve(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolve(entry, definitions) for entry in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _resolve(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {key: _resolve(value, definitions) for key, value in node.items()}


def validation_sentence(errors: Sequence[Any]) -> str:
    """`k: Input should be greater than or equal to 0 (-1)`, the first of them; long values are not repeated."""
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    seen = repr(first.get("input"))
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"{where}: {first['msg']}" + (f" ({seen})" if len(seen) < _SHOWN_CHARS else "") + more
