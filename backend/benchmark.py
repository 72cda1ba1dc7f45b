"""The endpoints that run the suite in the cluster. All of them ask for the token: each spends calls of its API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from .auth import check_write
from .errors import ConfigurationError, ForbiddenError
from .kube import in_cluster
from .logs import log
from .runs import Runs
from .schemas import BenchmarkRequest
from .settings import Settings

T = TypeVar("T")

router = APIRouter(prefix="/benchmark")
RunName = Annotated[str, Query(alias="job", pattern=r"^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$")]

_TEMPLATE = Path("benchmark", "run", "job.yaml")
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
    kube = in_cluster(settings.kube_namespace)
    return Benchmarks(runs=Runs(kube=kube, settings=settings, template=read_template()))


def read_template() -> dict[str, Any]:
    """The Job of the manifests: those of the image or checkout, or those of the wheel."""
    package = Path(__file__).resolve().parent
    for folder in (package.parent / "k8s", package.parent / "data" / "k8s"):
        if (folder / _TEMPLATE).is_file():
            template: dict[str, Any] = yaml.safe_load((folder / _TEMPLATE).read_text(encoding="utf-8"))
            return template
    raise ConfigurationError(f"BENCH_IMAGE is set, but k8s/{_TEMPLATE} is not where the backend is installed")


@router.post("/run")
async def run(body: BenchmarkRequest, request: Request) -> dict[str, Any]:
    """Starts the suite as a Job against the URL that the server was given."""
    benchmarks = _benchmarks(request)
    answer = await benchmarks.ask(lambda: benchmarks.runs.start(body))
    log("benchmark", job=answer["job_name"], requests=body.requests, concurrency=body.concurrency)
    return answer


@router.delete("/run")
async def cancel(request: Request, job: RunName) -> dict[str, Any]:
    """Stops the load; what was measured becomes a result with the status `interrupted`."""
    benchmarks = _benchmarks(request)
    return await benchmarks.ask(lambda: benchmarks.runs.cancel(job))


@router.get("/status")
async def status(request: Request, job: RunName) -> JSONResponse:
    benchmarks = _benchmarks(request)
    return JSONResponse(await benchmarks.ask(lambda: benchmarks.runs.status(job)))


@router.get("/logs")
async def logs(request: Request, job: RunName) -> PlainTextResponse:
    benchmarks = _benchmarks(request)
    return PlainTextResponse(await benchmarks.ask(lambda: benchmarks.runs.logs(job)))


@router.get("/results")
async def results(request: Request, job: RunName) -> Response:
    """The result document, after the Job is gone, too."""
    benchmarks = _benchmarks(request)
    document = await benchmarks.ask(lambda: benchmarks.runs.results(job))
    return Response(document, media_type="application/json")


def _benchmarks(request: Request) -> Benchmarks:
    service = request.app.state.service
    check_write(request, token=service.settings.token, loopback=service.loopback)
    benchmarks: Benchmarks | None = service.benchmarks
    if benchmarks is None:
        raise ForbiddenError("benchmarks are off: BENCH_IMAGE names the image of the suite")
    return benchmarks
