"""Benchmarks in the cluster: started, watched, read and cancelled. Every method blocks on the Kubernetes API."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ragmeter.jobs.documents import DocumentError, content_of, is_whole, note
from ragmeter.jobs.names import DOCUMENT_LABEL, NAME, RUN_LABEL, documents_of, has_indexed_jobs, run_name
from ragmeter.jobs.orders import Terms, jobs_of, order_of, owner_of

from ..bodies.benchmark import BenchmarkRequest
from ..errors import BadRequestError, BenchmarkBusyError, KubeError, KubeGoneError, NoResultError, UnknownRunError
from ..settings import Settings
from .catalog import PROVIDER, WORKLOAD, Chosen, choose_provider, choose_workload
from .kube import Document, Kube
from .options import environment
from .progress import Progress, progress_of
from .target import ask_target

_LOG_LINES = 2_000
_LOG_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """`template`: the Job of k8s/benchmark/run/job.yaml."""

    kube: Kube
    settings: Settings
    template: Document

    def start(self, request: BenchmarkRequest) -> dict[str, Any]:
        """Checks all that its pods would refuse, then makes the Job.

        Raises BadRequestError for what is above a limit or is not there, TargetError for a service that is not ready,
        BenchmarkBusyError while others run, KubeError.
        """
        self._check(request)
        account = self._account()
        provider, workload = self._provider(request), self._workload(request)
        ask_target(self.settings.bench_target_url).check(request, workload.document)
        self._check_room()
        data = environment(
            request, provider=provider.option, workload=workload.option, target_url=self.settings.bench_target_url
        )
        run = run_name(secrets.token_hex(4))
        self._make(run, data, {**provider.files, **workload.files}, account, shards=request.parallelism)
        self._forget_oldest()
        echo = {**request.model_dump(), "provider": provider.name}
        return {"job_name": run, "namespace": self.kube.namespace, **echo}

    def _provider(self, request: BenchmarkRequest) -> Chosen:
        own = self.kube.config_map_data(PROVIDER.config_map)
        if request.provider is not None:
            return choose_provider(request.provider, own)
        return choose_provider(self.settings.provider or "local", own, origin=" (RAG_PROVIDER of the server)")

    def _workload(self, request: BenchmarkRequest) -> Chosen:
        return choose_workload(request.workload, self.kube.config_map_data(WORKLOAD.config_map))

    def _make(self, run: str, data: dict[str, str], files: dict[str, str], account: Document, *, shards: int) -> None:
        by = owner_of("v1", "ServiceAccount", account)
        made = self.kube.create_config_map(order_of(run, data, files, by=by))
        by = owner_of("v1", "ConfigMap", made)
        try:
            for job in jobs_of(self.template, run, self._terms(shards), files=files, by=by):
                self.kube.create_job(job)
        except KubeError:
            self._remove(run)
            raise

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
        try:
            content = content_of(self._result_parts(run))
        except DocumentError as error:
            raise KubeError(str(error)) from error
        if content is None:
            progress, _ = self._progress(run)
            why = f": {progress.reason}" if progress.reason else ""
            raise NoResultError(f"{run} has no result; it is {progress.phase}{why}")
        return content

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

    def _terms(self, shards: int) -> Terms:
        return Terms(
            image=str(self.settings.bench_image),
            shards=shards,
            indexed=has_indexed_jobs(self.kube.minor_version()),
            ttl_s=self.settings.bench_ttl_s,
            deadline_s=self.settings.bench_max_s,
        )

    def _order(self, run: str) -> None:
        """Raises UnknownRunError for a name that is not that of a run, whatever else has it."""
        if not self.kube.config_maps(documents_of(run, "order")):
            raise UnknownRunError(f"no benchmark {run!r} in the namespace {self.kube.namespace}")

    def _progress(self, run: str) -> tuple[Progress, str | None]:
        selector = f"{RUN_LABEL}={run}"
        found, pods = self.kube.jobs(selector), self.kube.pods(selector)
        parts = self._result_parts(run)
        outcome = note(parts[0], "outcome") if is_whole(parts) else None
        return progress_of(found, pods, outcome=outcome), outcome

    def _result_parts(self, run: str) -> list[Document]:
        return self.kube.config_maps(documents_of(run, "result"))

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
