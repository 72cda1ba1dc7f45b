"""What is known of a service that has no files yet, as the documents that a run needs: provider, workload, search."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Any, Final
from urllib.parse import urlsplit

from ragmeter.core.inputs.unversioned import PROVIDER, WORKLOAD

QUESTIONS: Final = (
    "What is this collection about?",
    "Which topics do the documents cover?",
    "Who are the documents written for?",
    "What are the most important terms, and what do they mean?",
    "Which steps does a newcomer have to take first?",
    "Which limits and exceptions are mentioned?",
    "What changed most recently?",
    "Summarize the most important document in three sentences.",
)
"""Questions that a service can be asked whatever its documents are."""
URL_VARIABLE: Final = "RAG_URL"
PROXY_VARIABLE: Final = "RAG_PROXY_CREDENTIALS"
REQUESTS: Final = 100
LEAST_REQUESTS: Final = 64
"""With fewer, no p90 can be shown to be kept."""
ROOM: Final = 2.0
"""How many times what was measured is allowed, where nobody has said what is."""
SEARCHED: Final = 0.9
"""Share of the requests of a search that have to be good, so that sixty of them show it."""
SEARCH_REQUESTS: Final = 60
_REFERENCE: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """headers: as they are written, with references to the environment. questions: texts; empty where ``file`` names
    the prompts file. slo: what is promised; empty where that is not known.
    """

    name: str
    url: str
    target: str | Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: str | None = None
    proxy: str | None = field(default=None, repr=False)
    model: str | None = None
    questions: tuple[str, ...] = QUESTIONS
    file: str | None = None
    max_tokens: int = 64
    concurrency: int = 4
    requests: int = REQUESTS
    slo: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Of the environment, that headers and proxy of the provider file need."""
        written = " ".join([*self.written_headers().values(), self._written_proxy() or ""])
        return tuple(dict.fromkeys(re.findall(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", written)))

    def written_headers(self) -> dict[str, str]:
        """As a file may have them: a value without a reference may be a secret, and is replaced by one."""
        return {
            name: value if _REFERENCE.search(value) else f"${{RAG_{re.sub('[^A-Z0-9]', '_', name.upper())}}}"
            for name, value in self.headers.items()
        }

    def _written_proxy(self) -> str | None:
        """Credentials without a reference are replaced by one, as those of headers are."""
        scheme, _, rest = (self.proxy or "").rpartition("://")
        credentials, at, host = rest.rpartition("@")
        if not at or _REFERENCE.search(credentials):
            return self.proxy
        return f"{scheme or 'http'}://${{{PROXY_VARIABLE}}}@{host}"

    def provider(self) -> dict[str, Any]:
        """To be used at once."""
        return self._provider(self.url, self.headers, self.proxy)

    def provider_file(self) -> dict[str, Any]:
        """To be kept: its URL may be another one elsewhere, and it has no secret."""
        made = self._provider(f"${{{URL_VARIABLE}:-{self.url}}}", self.written_headers(), self._written_proxy())
        return {**made, "workload": "./workload.yaml"}

    def _provider(self, url: str, headers: Mapping[str, str], proxy: str | None) -> dict[str, Any]:
        return {
            "schema": PROVIDER,
            "name": self.name,
            "base_url": url,
            "target": self.target,
            **({"headers": dict(headers)} if headers else {}),
            **({"ca_file": self.ca_file} if self.ca_file else {}),
            **({"proxy": proxy} if proxy else {}),
        }

    def workload(self) -> dict[str, Any]:
        """A closed loop that takes minutes."""
        benchmark = {"requests": self.requests, "concurrency": self.concurrency, "warmup_requests": self.concurrency}
        made = self._asking("questions", {**benchmark, "timeout": 60, "max_output_tokens": self.max_tokens})
        return {**made, **({"slo": list(self.slo)} if self.slo else {})}

    def search(self, rate_per_s: float, ttft_ms: float) -> dict[str, Any]:
        """The capacity: the highest rate at which a TTFT is kept. rate_per_s: which is tried first."""
        benchmark = {"requests": SEARCH_REQUESTS, "timeout": 60, "max_output_tokens": self.max_tokens}
        made = self._asking("capacity", {**benchmark, "warmup_requests": 4})
        wanted = {"metric": "good_ratio", "at_least": SEARCHED, "max_minutes": 30}
        load = {"shape": "poisson", "rate_per_s": rate_per_s, "search": wanted}
        return {**made, "load": load, "goodput": {"ttft_ms": ttft_ms}}

    def _asking(self, name: str, benchmark: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "schema": WORKLOAD,
            "name": name,
            "benchmark": dict(benchmark),
            **({"model": {"model_id": self.model}} if self.model else {}),
            "cache": {"kv": "cold"},
            **({"prompts_file": self.file} if self.file else {"prompts": list(self.questions)}),
        }


def name_of(url: str) -> str:
    """A provider's name from the host of its URL; of an address, which says nothing, ``mine``."""
    host = urlsplit(url).hostname or ""
    if not re.search(r"[a-z]", host) or ":" in host or host == "localhost":
        return "mine"
    return re.sub(r"[^a-z0-9._-]", "-", host).strip("._-")[:63] or "mine"


def rounded_up(value: float) -> float:
    """To two significant digits: a bound that people can read, and that what was measured keeps."""
    if value <= 0:
        return value
    step = 10.0 ** (floor(log10(value)) - 1)
    return round(ceil(value / step - 1e-9) * step, 12)
