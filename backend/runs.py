"""Benchmarks in the cluster: started, watched, read and cancelled. Every method blocks on the Kubernetes API."""

from __future__ import annotations

import base64
import gzip
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .errors import BadRequestError, BenchmarkBusyError, KubeError, KubeGoneError, NoResultError, UnknownRunError
from .kube import Document, Kube
from .orders import DOCUMENT_LABEL, NAME, RUN_LABEL, Terms, environment, jobs, order
from .progress import Progress, progress_of
from .schemas import BenchmarkRequest
from .settings import Settings

INDEXED_SINCE_MINOR = 24
_LOG_LINES = 2_000
_LOG_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """`template`: the Job of k8s/benchmark/run/job.yaml."""

    kube: Kube
    settings: Settings
    template: Document

    def start(self, request: BenchmarkRequest) -> dict[str, Any]:
        """Raises BadRequestError for what is above a limit, BenchmarkBusyError while others run, KubeError."""
        self._check(request)
        account = self._account()
        self._check_room()
        data = environment(
            request, provider=self.settings.provider or "local", target_url=self.settings.bench_target_url
        )
        run = f"{NAME}-{secrets.token_hex(4)}"
        made = self.kube.create_config_map(order(run, data, account))
        try:
            for job in jobs(self.template, made, self._terms(), shards=request.parallelism):
                self.kube.create_job(job)
        except KubeError:
            self._remove(run)
            raise
        self._forget_oldest()
        return {"job_name": run, "namespace": self.kube.namespace, **request.model_dump()}

    def status(self, run: str) -> dict[str, Any]:
        self._order(run)
        progress, outcome = self._progress(run)
        return {"job_name": run, "phase": progress.phase, "reason": progress.reason, "outcome": outcome}

    def logs(self, run: str) -> str:
        """The last lines of every pod; of several pods each under its name."""
        self._order(run)
        pods = sorted(pod["metadata"]["name"] for pod in self.kube.pods(f"{RUN_LABEL}={run}"))
        texts = [self._log(pod) for pod in pods]
        if len(pods) == 1:
            return texts[0]
        return "".join(f"== {pod}\n{text}" for pod, text in zip(pods, texts, strict=True))

    def results(self, run: str) -> bytes:
        """The result document, as the suite wrote it. Raises NoResultError while there is none."""
        self._order(run)
        parts = self._result_parts(run)
        if not parts:
            progress, _ = self._progress(run)
            why = f": {progress.reason}" if progress.reason else ""
            raise NoResultError(f"{run} has no result; it is {progress.phase}{why}")
        packed = b"".join(base64.b64decode(part["binaryData"]["part"]) for part in parts)
        return gzip.decompress(packed)

    def cancel(self, run: str) -> dict[str, Any]:
        """Stop the load. The pods keep what they measured as a result with the status `interrupted`."""
        self._order(run)
        for job in self.kube.jobs(f"{RUN_LABEL}={run}"):
            with suppress(KubeGoneError):
                self.kube.delete_job(job["metadata"]["name"])
        return {"job_name": run, "cancelled": True}

    def _check(self, request: BenchmarkRequest) -> None:
        settings = self.settings
        limits = {
            "requests, of all trials with warm-up": (request.planned, settings.bench_max_requests, "REQUESTS"),
            "concurrency": (request.concurrency, settings.bench_max_concurrency, "CONCURRENCY"),
            "timeout": (request.timeout, settings.bench_max_s, "SECONDS"),
            "parallelism": (request.parallelism, settings.bench_max_pods, "PODS"),
        }
        for name, (value, most, variable) in limits.items():
            if value > most:
                raise BadRequestError(f"{name}: {value:g} is more than {most} (BENCH_MAX_{variable})")
        if request.parallelism > min(request.concurrency, request.requests):
            raise BadRequestError(
                f"parallelism: {request.parallelism} pods need a concurrency and requests of at least that many"
            )

    def _account(self) -> Document:
        try:
            return self.kube.service_account(NAME)
        except KubeGoneError as error:
            where = f"there is no service account {NAME} in the namespace {self.kube.namespace}"
            raise KubeError(f"{where}: apply k8s/benchmark/access") from error

    def _check_room(self) -> None:
        active = sorted({_run_of(job) for job in self.kube.jobs(_selector()) if not _ended(job)})
        if len(active) >= self.settings.bench_max_jobs:
            raise BenchmarkBusyError(
                f"{', '.join(active)} runs, and two loads would measure each other: wait, or DELETE /benchmark/run; "
                f"at most {self.settings.bench_max_jobs} at once (BENCH_MAX_JOBS)"
            )

    def _terms(self) -> Terms:
        return Terms(
            image=str(self.settings.bench_image),
            ttl_s=self.settings.bench_ttl_s,
            deadline_s=self.settings.bench_max_s,
            indexed=self.kube.minor_version() >= INDEXED_SINCE_MINOR,
        )

    def _order(self, run: str) -> None:
        """Raises UnknownRunError for a name that is not that of a run, whatever else has it."""
        if not self.kube.config_maps(f"{RUN_LABEL}={run},{DOCUMENT_LABEL}=order"):
            raise UnknownRunError(f"no benchmark {run!r} in the namespace {self.kube.namespace}")

    def _progress(self, run: str) -> tuple[Progress, str | None]:
        selector = f"{RUN_LABEL}={run}"
        found, pods = self.kube.jobs(selector), self.kube.pods(selector)
        parts = self._result_parts(run)
        outcome = parts[0]["metadata"]["annotations"]["ragmeter.dev/outcome"] if parts else None
        return progress_of(found, pods, outcome=outcome), outcome

    def _result_parts(self, run: str) -> list[Document]:
        """All parts of the result in order, or none while one is missing."""
        parts = self.kube.config_maps(f"{RUN_LABEL}={run},{DOCUMENT_LABEL}=result")
        parts.sort(key=lambda part: int(part["metadata"]["annotations"]["ragmeter.dev/part"]))
        complete = bool(parts) and len(parts) == int(parts[0]["metadata"]["annotations"]["ragmeter.dev/parts"])
        return parts if complete else []

    def _log(self, pod: str) -> str:
        try:
            return self.kube.log(pod, tail_lines=_LOG_LINES, limit_bytes=_LOG_BYTES)
        except KubeGoneError:
            return ""
        except KubeError as error:
            return f"{error}\n"  # its container has not begun

    def _forget_oldest(self) -> None:
        """Removes the runs beyond those that are kept, with their results."""
        orders = self.kube.config_maps(f"{_selector()},{DOCUMENT_LABEL}=order")
        active = {_run_of(job) for job in self.kube.jobs(_selector()) if not _ended(job)}
        ended = [each for each in orders if each["metadata"]["name"] not in active]
        ended.sort(key=lambda each: each["metadata"]["creationTimestamp"], reverse=True)
        for each in ended[self.settings.bench_keep :]:
            self._remove(each["metadata"]["name"])

    def _remove(self, run: str) -> None:
        with suppress(KubeGoneError):
            self.kube.delete_config_map(run)


def _selector() -> str:
    return f"app.kubernetes.io/name={NAME},{RUN_LABEL}"


def _run_of(job: Document) -> str:
    run: str = job["metadata"]["labels"][RUN_LABEL]
    return run


def _ended(job: Document) -> bool:
    return any(
        condition["type"] in {"Complete", "Failed"} and condition["status"] == "True"
        for condition in job["status"].get("conditions") or []
    )
