"""The body of an order of a benchmark, and of the answer to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .base import Body, Docset

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
"""Of a provider file or manifest, without its ending."""


class BenchmarkRequest(Body):
    """What is not given is not the manifest's but the default here: the server knows what it starts.

    Bounds are those of the suite's manifests or narrower.
    """

    concurrency: int = Field(default=10, ge=1, le=100_000)
    requests: int = Field(default=100, ge=1, le=10_000_000, description="Measured requests of each trial.")
    warmup_requests: int = Field(default=0, ge=0, le=1_000_000)
    timeout: float = Field(default=120, gt=0, le=3600, description="Seconds for one whole request.")
    max_output_tokens: int | None = Field(
        default=None, ge=1, le=131_072, description="null: what the workload says, here as in k and docset."
    )
    show_errors: int = Field(default=3, ge=0, le=100, description="Failed requests that the log describes.")
    provider: FileName | None = Field(default=None, description="null: RAG_PROVIDER of the server.")
    workload: FileName = "standard"
    k: int | None = Field(default=None, ge=1, le=1000)
    docset: Docset | None = None
    trials: int = Field(default=1, ge=1, le=1000)
    parallelism: int = Field(default=1, ge=1, description="Pods that share the load.")

    @property
    def planned(self) -> int:
        """Requests of the whole run."""
        return self.requests * self.trials + self.warmup_requests


class BenchmarkStarted(BenchmarkRequest):
    """The request with its defaults, and the name under which to ask for it."""

    provider: str
    job_name: str
    namespace: str
