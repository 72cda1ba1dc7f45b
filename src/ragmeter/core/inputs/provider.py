"""A provider: where the service runs, on what, and what that costs. Made from a file that fits ``provider.v1``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.auth import Auth, auth_of
from ragmeter.core.inputs.access.observed import Observed, observed
from ragmeter.core.inputs.access.proxy import DIRECT, ENVIRONMENT, Proxies, proxies_of
from ragmeter.core.inputs.access.tls import OF_THE_SYSTEM, TlsFiles
from ragmeter.core.inputs.headers import is_header_name
from ragmeter.core.inputs.masking import LEAST_CHARS, NO_SECRETS, Secrets, secrets_in, too_short
from ragmeter.core.inputs.unversioned import versioned
from ragmeter.core.requests.amounts import with_plain_numbers
from ragmeter.core.schema import check, defaults
from ragmeter.core.setting import Setting
from ragmeter.core.urls import checked_base_url, checked_trace_url, checked_url

reference = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """How the embedded service is started; see the provider schema."""

    engine: str
    model: str | None
    threads: int
    parallel: int
    context_tokens: int
    context_max_chars: int
    startup_timeout_s: float
    args: tuple[str, ...]
    docs: str | None = None


NetprobePart: TypeAlias = Literal["latency", "tcp", "udp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetprobeSettings:
    """How the east-west probe is made; see the provider schema. nodes: 0 for all.

    backend_pods, llm_pods: label selectors of the pods whose network matters.
    """

    namespace: str
    image: str
    pull_policy: str
    nodes: int
    samples: int
    seconds: int
    streams: int
    udp_mbps: float
    timeout: float
    parts: tuple[NetprobePart, ...]
    backend_pods: str
    llm_pods: str

    @property
    def service_pods(self) -> Mapping[str, str]:
        """The two selectors by what they choose."""
        return {"backend": self.backend_pods, "LLM": self.llm_pods}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A validated provider file with its environment references resolved.

    base_url: without a trailing slash and the path of an endpoint; None only for an embedded service that is not
    started yet.
    trace_url: address of a trace in the user's tracer, with ``{trace_id}`` in the id's place.
    target: name or description of what the service speaks, for workloads that name none.
    declared: metadata the file states (region, gpu_model …), by their names in ``run_metadata``.
    cost: the price sheet as written; None when the file has none.
    observe: ``auto``, or the metrics pages that are read while a load runs: none at all with ``off``.
    """

    name: str
    path: str
    base_url: str | None
    llm_url: str | None
    ray_url: str | None
    trace_url: str | None
    headers: Mapping[str, str] = field(repr=False)
    tls: TlsFiles = OF_THE_SYSTEM
    auth: Auth | None = None
    http2: bool = False
    proxies: Proxies = DIRECT
    replica_header: str | None = None
    addresses: str = "resolver"
    workload: str
    target: str | Mapping[str, Any] | None = None
    kube_context: str | None
    kube_namespace: str | None
    declared: Mapping[str, Any]
    slo: tuple[str, ...]
    local: LocalSettings | None
    cost: Mapping[str, Any] | None
    netprobe: NetprobeSettings
    observe: Observed = "auto"
    secrets: Secrets = NO_SECRETS
    """What is masked wherever it comes back."""
    notices: tuple[str, ...] = ()
    """What the author of the file, or of the URL, should know."""

    @property
    def service_namespace(self) -> str:
        """Where its pods are; that of the shipped manifests unless the file says otherwise."""
        return self.kube_namespace or "ragmeter"


declared_keys = ("region", "cluster_label", "node_instance_type", "gpu_model", "gpu_count")


def provider_from(
    document: Any,
    *,
    path: str,
    environment: Mapping[str, str],
    base_url: Setting | None,
    schema: Mapping[str, Any],
    netprobe: Sequence[Setting] = (),
    probe_only: bool = False,
) -> Provider:
    """The provider of a file's document.

    base_url: replaces the file's, whose references then need not be set. netprobe: values that replace those of its
    section. probe_only: its service is not asked for anything, so it needs no URL. Raises ConfigError.
    """
    document, notices = versioned(document, schema, path)
    if isinstance(document, dict) and probe_only:
        document = {key: value for key, value in document.items() if key not in _of_the_service}
    elif isinstance(document, dict) and base_url is not None:
        document = {key: value for key, value in document.items() if key != "local"} | {"base_url": base_url.value}
    resolved = with_plain_numbers(resolve(document, environment, where=path), schema)
    check(resolved, schema, path)
    if not probe_only and "local" not in resolved and "base_url" not in resolved:
        raise ConfigError(f"{path}: $.base_url: missing; write it there or pass --base-url URL")
    local = _local_of(resolved["local"], schema, resolved, path) if "local" in resolved else None
    service, shortened = checked_base_url(
        resolved.get("base_url"), base_url.origin if base_url else f"{path}: $.base_url"
    )
    llm, llm_shortened = checked_base_url(resolved.get("llm_url"), f"{path}: $.llm_url")
    proxies = proxies_of(resolved.get("proxy"), environment, f"{path}: $.proxy")
    if resolved.get("http2") and service and service.startswith("http://") and proxies.to(service):
        raise ConfigError(f"{path}: $.http2: through a proxy HTTP/2 needs TLS: a base_url that begins with https://")
    return Provider(
        name=resolved["name"],
        path=path,
        base_url=service,
        llm_url=llm,
        ray_url=checked_url(resolved.get("ray_url"), f"{path}: $.ray_url"),
        trace_url=checked_trace_url(resolved.get("trace_url"), f"{path}: $.trace_url"),
        headers=_checked_headers(resolved.get("headers", {}), path),
        tls=_tls_of(resolved),
        http2=resolved.get("http2", False),
        proxies=proxies,
        auth=auth_of(resolved["auth"], resolved.get("headers", {}), path) if "auth" in resolved else None,
        replica_header=resolved.get("replica_header"),
        addresses=resolved.get("addresses", schema["properties"]["addresses"]["default"]),
        workload=resolved.get("workload", schema["properties"]["workload"]["default"]),
        target=resolved.get("target"),
        kube_context=resolved.get("kube_context") or None,
        kube_namespace=resolved.get("kube_namespace") or None,
        declared={key: resolved[key] for key in declared_keys if resolved.get(key) not in (None, "")},
        slo=tuple(resolved.get("slo", ())),
        local=local,
        cost=resolved.get("cost"),
        netprobe=_netprobe_of(resolved.get("netprobe", {}), netprobe, schema),
        observe=observed(
            resolved.get("observe", schema["properties"]["observe"]["default"]),
            path,
            kube_context=resolved.get("kube_context") or None,
        ),
        secrets=_secrets_of(document, resolved, environment, proxies),
        notices=(
            *notices,
            *shortened,
            *llm_shortened,
            *_unmasked(resolved.get("headers", {}), path),
            *_unproxied(resolved.get("proxy"), proxies, path),
        ),
    )


def _secrets_of(
    document: Mapping[str, Any], resolved: Mapping[str, Any], environment: Mapping[str, str], proxies: Proxies
) -> Secrets:
    """Headers, what ``auth`` and ``proxy`` know, and what the environment puts into these and ``local.args``."""
    auth = document.get("auth", {})
    hidden = [*document.get("headers", {}).values(), *document.get("local", {}).get("args", ()), *_texts(auth)]
    names = {name for text in hidden for name, _ in reference.findall(text)}
    unshown = {"headers", "local", "auth", "proxy"}
    shown = [text for key, value in resolved.items() if key not in unshown for text in _texts(value)]
    client = resolved.get("auth", {}).get("oauth", {})
    own = {key: text for key, text in client.items() if key == "client_secret"}
    of_proxies = [each.authorization for each in (proxies.http, proxies.https) if each and each.authorization]
    return secrets_in(
        {**resolved.get("headers", {}), **own},
        from_environment=[*of_proxies, *(environment[name] for name in names if environment.get(name))],
        shown=shown,
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _unmasked(headers: Mapping[str, str], path: str) -> list[str]:
    return [
        f"{path}: $.headers.{name}: fewer than {LEAST_CHARS} characters: it is not masked where the service repeats it"
        for name in too_short(headers)
    ]


def _unproxied(written: str | None, proxies: Proxies, path: str) -> list[str]:
    if written != ENVIRONMENT or proxies.http or proxies.https:
        return []
    return [f"{path}: $.proxy: {ENVIRONMENT}: it names no proxy (https_proxy, http_proxy, all_proxy), and none is used"]


_of_the_service = {
    "base_url",
    "llm_url",
    "ray_url",
    "trace_url",
    "headers",
    "ca_file",
    "tls",
    "auth",
    "http2",
    "proxy",
    "replica_header",
    "observe",
    "addresses",
    "local",
    "target",
}


def _netprobe_of(
    section: Mapping[str, Any], settings: Sequence[Setting], schema: Mapping[str, Any]
) -> NetprobeSettings:
    values = {**defaults(schema, "netprobe"), **section}
    for setting in settings:
        key = setting.key.removeprefix("netprobe.")
        check({"netprobe": {key: setting.value}}, {**schema, "required": []}, setting.origin)
        values[key] = setting.value
    return NetprobeSettings(**{**values, "parts": tuple(values["parts"])})


def resolve(value: Any, environment: Mapping[str, str], *, where: str, at: str = "$") -> Any:
    """``value`` with ``${NAME}`` and ``${NAME:-default}`` replaced in every string.

    Raises ConfigError, which names the path and the variable, if NAME is not set.
    """
    if isinstance(value, dict):
        return {key: resolve(item, environment, where=where, at=f"{at}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, environment, where=where, at=f"{at}[{i}]") for i, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def substitute(match: re.Match[str]) -> str:
        name, default = match.groups()
        found = environment.get(name) or default
        if found is None:
            option = "; or pass --base-url URL" if at == "$.base_url" else ""
            raise ConfigError(f"{where}: {at}: the environment variable {name} is not set: export {name}=…{option}")
        return found

    return reference.sub(substitute, value)


def _checked_headers(headers: Mapping[str, str], path: str) -> Mapping[str, str]:
    for name, value in headers.items():
        if not is_header_name(name):
            raise ConfigError(f"{path}: $.headers: {name!r} is not a header name")
        if any(ord(char) < 32 or ord(char) == 127 for char in value):
            raise ConfigError(f"{path}: $.headers.{name}: the value has a control character")
    return headers


def _tls_of(document: Mapping[str, Any]) -> TlsFiles:
    shown = document.get("tls", {})
    return TlsFiles(ca=document.get("ca_file"), cert=shown.get("client_cert"), key=shown.get("client_key"))


def _local_of(
    section: Mapping[str, Any], schema: Mapping[str, Any], document: Mapping[str, Any], path: str
) -> LocalSettings:
    values = {**defaults(schema, "local"), **section}
    if values["engine"] == "none" and not document.get("llm_url"):
        raise ConfigError(f"{path}: $.llm_url: needed with engine none: the URL of a running OpenAI-compatible server")
    if values["engine"] == "vllm" and not values.get("model"):
        raise ConfigError(f"{path}: $.local.model: needed with engine vllm: a model id or a directory")
    return LocalSettings(
        engine=values["engine"],
        model=values.get("model"),
        threads=values["threads"],
        parallel=values["parallel"],
        context_tokens=values["context_tokens"],
        context_max_chars=values["context_max_chars"],
        startup_timeout_s=float(values["startup_timeout"]),
        args=tuple(values.get("args", ())),
        docs=values.get("docs"),
    )
