"""Benchmarks as a part of the service: made when they are on, and asked beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from ..settings import Settings
from .shipped import shipped

if TYPE_CHECKING:
    from .runs import Runs

T = TypeVar("T")

_TEMPLATE = "k8s/benchmark/run/job.yaml"
_NEEDED = (_TEMPLATE, "schemas", "fixtures/providers", "workloads")
_THREADS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmarks:
    """Runs, asked from threads of their own: a slow API server must stop no stream."""

    runs: Runs
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "kube"))

    async def ask(self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, question)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def build_benchmarks(settings: Settings) -> Benchmarks | None:
    """None when they are off. Raises ConfigurationError when they cannot work."""
    if settings.bench_image is None:
        return None
    from .kube import in_cluster  # the client of Kubernetes takes as long to import as all else of the service
    from .runs import Runs

    for path in _NEEDED:
        shipped(path)
    kube = in_cluster(settings.kube_namespace)
    return Benchmarks(runs=Runs(kube=kube, settings=settings, template=read_template()))


def read_template() -> dict[str, Any]:
    """The Job of the manifests. Raises ConfigurationError."""
    template: dict[str, Any] = yaml.safe_load(shipped(_TEMPLATE).read_text(encoding="utf-8"))
    return template
