"""A Prometheus Pushgateway: groups of metrics are replaced, listed and deleted.

A group is what its job and grouping labels name. The gateway keeps it until it is replaced or deleted, whatever its
age, so who pushes must also delete what is stale.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from ragmeter.clients.connection.origin import Origin
from ragmeter.clients.connection.tls_files import verification
from ragmeter.core.errors import ConfigError, StorageError

RUN_JOB: Final = "ragmeter"
PROBE_JOB: Final = "east_west_probe"
STALE_S: Final = 30 * 86_400
TIMEOUT_S: Final = 10
TOKEN: Final = "RAGMETER_PUSHGATEWAY_TOKEN"  # noqa: S105 - the name of a variable
USER: Final = "RAGMETER_PUSHGATEWAY_USER"
PASSWORD: Final = "RAGMETER_PUSHGATEWAY_PASSWORD"  # noqa: S105 - the name of a variable
_LABEL: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Metrics that are replaced and deleted together. labels: grouping labels, which every metric of it gets.

    Raises ConfigError for a name that Prometheus does not take and for an empty value, which it would drop.
    """

    job: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in {"job": self.job, **self.labels}.items():
            if not value:
                raise ConfigError(f"group of metrics: the label {name} is empty")
            if not _LABEL.fullmatch(name):
                raise ConfigError(f"group of metrics: {name!r} is not a label name: {_LABEL.pattern}")
        if {"job", "instance"} & set(self.labels):
            raise ConfigError("group of metrics: job and instance are no grouping labels of ours")

    @property
    def path(self) -> str:
        """In Base64 throughout: a slash in a value has no other way."""
        parts = ({"job": self.job} | dict(sorted(self.labels.items()))).items()
        return "/metrics/" + "/".join(f"{name}@base64/{_encoded(value)}" for name, value in parts)


def run_group(provider: str, workload: str) -> Group:
    """Of the latest run of a workload on a provider."""
    return Group(job=RUN_JOB, labels={"provider": provider, "workload": workload})


def probe_group(provider: str) -> Group:
    """Of the latest east-west probe of a provider."""
    return Group(job=PROBE_JOB, labels={"provider": provider})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushgateway:
    """Each method raises StorageError with the URL and the reason."""

    url: str
    _http: httpx.Client = field(repr=False)

    def check(self) -> None:
        """Return when there is a Pushgateway that lets us in."""
        self._listed()

    def publish(self, groups: Sequence[tuple[Group, str]], now_s: float) -> int:
        """Replace each group; then away with what nobody has pushed for a month. Returns how many went."""
        for group, text in groups:
            self.replace(group, text)
        return sum(self.delete_stale(job, now_s) for job in (RUN_JOB, PROBE_JOB))

    def replace(self, group: Group, text: str) -> None:
        """The group becomes ``text`` (exposition format 0.0.4) and nothing else."""
        self._call("PUT", group.path, text.encode())

    def delete(self, group: Group) -> None:
        """Nothing happens when it does not exist."""
        self._call("DELETE", group.path)

    def delete_stale(self, job: str, now_s: float, older_than_s: float = STALE_S) -> int:
        """Delete the groups of a job that were last pushed longer ago than this; returns how many there were."""
        stale = [group for group, pushed_s in self._groups(job) if now_s - pushed_s > older_than_s]
        for group in stale:
            self.delete(group)
        return len(stale)

    def _groups(self, job: str) -> Iterator[tuple[Group, float]]:
        """Those of a job that we could have pushed, with the Unix time of their last push."""
        for entry in self._listed():
            labels = dict(entry["labels"])
            if labels.pop("job") == job and "instance" not in labels and all(labels.values()):
                yield Group(job=job, labels=labels), float(entry["push_time_seconds"]["metrics"][0]["value"])

    def _listed(self) -> list[dict[str, Any]]:
        response = self._call("GET", "/api/v1/metrics")
        try:
            entries: list[dict[str, Any]] = response.json()["data"]
        except (ValueError, KeyError, TypeError):
            raise StorageError(f"Pushgateway {self.url}: what answers there is no Pushgateway") from None
        return entries

    def _call(self, method: str, path: str, content: bytes | None = None) -> httpx.Response:
        try:
            response = self._http.request(method, path, content=content)
        except httpx.HTTPError as error:
            raise StorageError(f"Pushgateway {self.url}: {error or type(error).__name__}") from error
        if not response.is_success:
            said = " ".join(response.text[:200].split())
            raise StorageError(f"Pushgateway {self.url}: {method}: HTTP {response.status_code}: {said}")
        return response


@contextmanager
def pushgateway(url: str, environment: Mapping[str, str]) -> Iterator[Pushgateway]:
    """A connection with the credentials of the environment: a token, or a user with a password.

    Raises ConfigError for a URL that is none or has credentials in it, and for half of a pair of credentials.
    """
    origin = Origin.parse(url)
    with httpx.Client(
        base_url=str(origin),
        headers=_authorization(environment),
        timeout=TIMEOUT_S,
        verify=verification(str(origin)),
        trust_env=False,  # a .netrc or a proxy must not decide where results and credentials go
    ) as http:
        yield Pushgateway(url=str(origin), _http=http)


def _authorization(environment: Mapping[str, str]) -> dict[str, str]:
    token, user, password = (environment.get(name, "") for name in (TOKEN, USER, PASSWORD))
    if bool(user) != bool(password) or (token and user):
        raise ConfigError(f"Pushgateway: set {USER} and {PASSWORD}, or {TOKEN}, or none of them")
    if token:
        return {"authorization": f"Bearer {token}"}
    return {"authorization": "Basic " + _basic(user, password)} if user else {}


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _encoded(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode()
