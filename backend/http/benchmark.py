"""The endpoints that run the suite in the cluster. All of them ask for the token: each spends calls of its API."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ..benchmarks.benchmarks import Benchmarks
from ..bodies.benchmark import BenchmarkRequest, BenchmarkStarted
from ..bodies.reading import json_body, read_body
from ..errors import ForbiddenError
from ..telemetry.logs import log
from .auth import WRITERS
from .problems import FOR_WRITERS, problems

router = APIRouter(prefix="/benchmark", dependencies=WRITERS, responses=problems(*FOR_WRITERS, 422, 502, 503, 504))
RunName = Annotated[str, Query(alias="job", pattern=r"^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$")]


@router.post(
    "/run",
    openapi_extra=json_body(BenchmarkRequest, required=False),
    responses={200: {"model": BenchmarkStarted}, **problems(400, 409, 413)},
)
async def run(request: Request) -> dict[str, Any]:
    """Starts the suite as a Job against the URL that the server was given."""
    benchmarks = _benchmarks(request)
    body = await read_body(request, BenchmarkRequest)
    answer = await benchmarks.ask(lambda: benchmarks.runs.start(body))
    log("benchmark", job=answer["job_name"], requests=body.requests, concurrency=body.concurrency)
    return answer


@router.delete("/run", responses=problems(404))
async def cancel(request: Request, job: RunName) -> dict[str, Any]:
    """Stops the load; what was measured becomes a result with the status `interrupted`."""
    benchmarks = _benchmarks(request)
    return await benchmarks.ask(lambda: benchmarks.runs.cancel(job))


@router.get("/status", responses=problems(404))
async def status(request: Request, job: RunName) -> JSONResponse:
    benchmarks = _benchmarks(request)
    return JSONResponse(await benchmarks.ask(lambda: benchmarks.runs.status(job)))


@router.get("/logs", response_class=Response, responses={200: {"content": {"text/plain": {}}}, **problems(404)})
async def logs(request: Request, job: RunName) -> PlainTextResponse:
    benchmarks = _benchmarks(request)
    return PlainTextResponse(await benchmarks.ask(lambda: benchmarks.runs.logs(job)))


@router.get("/results", responses=problems(404))
async def results(request: Request, job: RunName) -> Response:
    """The result document, after the Job is gone, too."""
    benchmarks = _benchmarks(request)
    document = await benchmarks.ask(lambda: benchmarks.runs.results(job))
    return Response(document, media_type="application/json")


def _benchmarks(request: Request) -> Benchmarks:
    benchmarks: Benchmarks | None = request.app.state.service.benchmarks
    if benchmarks is None:
        raise ForbiddenError("benchmarks are off: BENCH_IMAGE names the image of the suite")
    return benchmarks
