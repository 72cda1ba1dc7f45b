"""A backend process under test, and what its streams say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from tests.tethered import tethered
from tests.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
T = TypeVar("T")

START_TIMEOUT_S = 180.0
Events = list[tuple[str, dict[str, Any]]]


class Backend:
    """Started on a free port; `logs` are its lines so far. files: how many it may open, where that is less."""

    def __init__(
        self, *, data_dir: Path, llm_url: str, host: str = "127.0.0.1", files: str = "", **environ: str
    ) -> None:
        self.logs: list[dict[str, Any]] = []
        self.data_dir = data_dir
        limited = [] if not files else ["prlimit", f"--nofile={files}:{files}"]
        self.process = subprocess.Popen(
            tethered([*limited, sys.executable, "-m", "backend", "--host", host, "--port", "0"]),
            cwd=REPOSITORY,
            env={
                **os.environ,
                "RAG_DATA_DIR": str(data_dir),
                "VLLM_BASE_URL": llm_url,
                "RAG_EMBED_THREADS": "1",
                **environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read_logs)
        self._reader.start()
        try:
            self.url = self.wait_for("listening")["url"].replace("0.0.0.0", "127.0.0.1")
        except BaseException:
            self._end()
            raise
        self.http = httpx.Client(base_url=self.url, verify=False, timeout=30)

    def _read_logs(self) -> None:
        if self.process.stdout is not None:
            self.logs.extend(json.loads(line) for line in self.process.stdout)

    def wait_for(self, event: str) -> dict[str, Any]:
        def logged() -> dict[str, Any] | None:
            if self.process.poll() is not None and not self._reader.is_alive():
                raise RuntimeError(f"the backend ended with {self.process.returncode}: {self.logs}")
            return next((line for line in self.logs if line["event"] == event), None)

        return wait_until(logged, START_TIMEOUT_S)

    def stream(self, query: str = "What is a token?", **body: Any) -> Events:
        with self.http.stream("POST", "/query/stream", json={"query": query, **body}) as response:
            assert response.status_code == 200, response.read()
            return list(read_events(response))

    def ingest(self, documents: dict[str, str], **body: Any) -> dict[str, Any]:
        listed = [{"content": content, "meta": {"name": name}} for name, content in documents.items()]
        response = self.http.post("/ingest", json={"documents": listed, **body})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def metric(self, name: str) -> float:
        """The value of one series, written as Prometheus writes it."""
        lines = self.http.get("/metrics").text.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + " ")), 0.0)

    def kill(self) -> None:
        self.process.kill()
        self.close()

    def close(self) -> int:
        self.http.close()
        return self._end()

    def _end(self) -> int:
        self.process.terminate()
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait(15)
        self._reader.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return status


def read_events(response: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def memory_of(backend: Backend) -> int:
    """Resident bytes of the service and of the processes that read files for it."""
    service = psutil.Process(backend.process.pid)
    return sum(process.memory_info().rss for process in (service, *service.children()))
