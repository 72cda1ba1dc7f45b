"""A real Prometheus and a real Pushgateway on loopback, for the time of a test."""

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.ports import free_port
from tests.programs import program
from tests.tethered import tethered
from tests.waiting import PLAIN, wait_until

START_S = 120.0
POLL_S = 0.1

Series = tuple[dict[str, str], float]
Curve = tuple[dict[str, str], list[tuple[float, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """address: its ``host:port``."""

    http: httpx.Client
    address: str

    def query(self, expr: str, at_s: float | None = None) -> list[Series]:
        """The series of an expression, at a Unix time or now. AssertionError with Prometheus' words if refused."""
        given = {} if at_s is None else {"time": str(at_s)}
        found = self._get("query", {"query": expr, **given})
        return [(series["metric"], float(series["value"][1])) for series in found["result"]]

    def query_range(self, expr: str, since_s: float, until_s: float) -> list[Curve]:
        """Series of an expression with their points, one a second."""
        given = {"query": expr, "start": str(since_s), "end": str(until_s), "step": "1"}
        found = self._get("query_range", given)["result"]
        return [(at["metric"], [(float(moment), float(value)) for moment, value in at["values"]]) for at in found]

    def label_values(self, label: str, selector: str | None = None) -> set[str]:
        return set(self._get(f"label/{label}/values", {"match[]": selector} if selector else {}))

    def exemplars(self, expr: str, since_s: float) -> list[dict[str, str]]:
        """Labels of the exemplars of an expression's series, from a Unix time until now."""
        found = self._get("query_exemplars", {"query": expr, "start": str(since_s), "end": str(time.time())})
        return [exemplar["labels"] for series in found for exemplar in series["exemplars"]]

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self._get("rules", {})["groups"] for rule in group["rules"]]

    def targets(self, count: int, deadline: float) -> list[dict[str, str]]:
        """Labels of the targets that relabelling left, once there are that many; whether they answer or not."""

        def look() -> list[dict[str, Any]] | None:
            found: list[dict[str, Any]] = self._get("targets", {"state": "active"})["activeTargets"]
            return found if len(found) == count else None

        found = wait_until(look, deadline - time.monotonic(), every_s=POLL_S, why=self._targets)
        return [at["labels"] for at in found]

    def configuration(self) -> str:
        """As Prometheus reads it."""
        text: str = self._get("status/config", {})["yaml"]
        return text

    def wait_until(self, expr: str, count: int, deadline: float) -> None:
        """Until the expression has that many series."""

        def seen() -> str:
            return f"{expr}: {len(self.query(expr))} series instead of {count}: {self._targets()}"

        wait_until(lambda: len(self.query(expr)) == count, deadline - time.monotonic(), every_s=POLL_S, why=seen)

    def _targets(self) -> list[tuple[str, str]]:
        return [(at["scrapeUrl"], at["lastError"]) for at in self._get("targets", {})["activeTargets"]]

    def _get(self, path: str, parameters: Mapping[str, str]) -> Any:
        answer = self.http.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", f"{parameters}: {answer['error']}"
        return answer["data"]


@contextmanager
def prometheus(
    folder: Path, config: Mapping[str, Any], rules: Sequence[Path] = (), *arguments: str
) -> Iterator[Prometheus]:
    """Runs in ``folder``, which may hold target files already; the rules are copied to its ``rules/``."""
    (folder / "rules").mkdir(parents=True)
    for path in rules:
        shutil.copy(path, folder / "rules")
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    options = [f"--config.file={folder / 'prometheus.yaml'}", f"--storage.tsdb.path={folder / 'data'}"]
    options.append("--enable-feature=exemplar-storage")
    with (
        _serving("prometheus", *options, *arguments, log=folder / "log") as address,
        httpx.Client(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield Prometheus(http=client, address=address)


@contextmanager
def pushgateway(log: Path, *arguments: str) -> Iterator[str]:
    """The ``host:port`` of one that keeps nothing on the disk but its log."""
    with _serving("prometheus-pushgateway", "--persistence.file=", *arguments, log=log) as address:
        yield address


@contextmanager
def _serving(name: str, *arguments: str, log: Path) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    command = [program(name), f"--web.listen-address={address}", "--log.level=warn", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(tethered(command), stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_ready(f"http://{address}/-/ready", process, log)
            yield address
        finally:
            process.kill()
            process.wait(10)


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    def look() -> bool:
        assert process.poll() is None, f"{url}: it ended: {log.read_text(encoding='utf-8')}"
        return _ready(url)

    wait_until(look, START_S, every_s=POLL_S, why=lambda: f"{url}: {log.read_text(encoding='utf-8')}")


def _ready(url: str) -> bool:
    """A server that asks for a password is ready, too."""
    try:
        return PLAIN.get(url).status_code in {200, 401}
    except httpx.TransportError:
        return False
