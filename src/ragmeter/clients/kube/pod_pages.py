"""Pages of pods through the proxy of the API server: no port of them has to be reachable from here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ragmeter.clients.kube.api import Cluster, connected
from ragmeter.core.cluster.state import is_ready
from ragmeter.core.errors import ClusterError
from ragmeter.core.inputs.access.observed import PodPages
from ragmeter.core.inputs.access.tls import TlsFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPage:
    """headers, tls: of the API server."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    tls: TlsFiles


def pod_pages(context: str, namespace: str, asked: PodPages) -> list[PodPage]:
    """Of the pods that are ready now, by name. namespace: where they are unless they are asked for in another.

    Raises ClusterError where the API cannot be asked, and where no pod fits.
    """
    with connected(context, asked.namespace or namespace) as cluster:
        found = cluster.list("Pod", selector=asked.selector)
        ready = sorted(pod["metadata"]["name"] for pod in found if is_ready(pod))
        if not ready:
            seen = f"{len(found)} pods fit, and none is ready" if found else "no pod fits"
            raise ClusterError(f"Kubernetes {cluster.named}: namespace {cluster.namespace!r}: {asked.selector}: {seen}")
        return [_page(cluster, name, asked) for name in ready]


def _page(cluster: Cluster, pod: str, asked: PodPages) -> PodPage:
    settings = cluster.api.configuration
    if not settings.verify_ssl:
        raise ClusterError(
            f"Kubernetes {cluster.named}: insecure-skip-tls-verify: its token would go to anyone who answers: give the "
            "kubeconfig the certificate-authority of the cluster to read pages of pods"
        )
    if settings.proxy:
        raise ClusterError(
            f"Kubernetes {cluster.named}: pages of pods are not read through the proxy-url of its cluster"
        )
    place = f"/api/v1/namespaces/{quote(cluster.namespace)}/pods/{quote(pod)}:{asked.port}/proxy"
    return PodPage(
        url=f"{settings.host.rstrip('/')}{place}{asked.path}",
        headers=_headers(settings),
        tls=TlsFiles(ca=settings.ssl_ca_cert, cert=settings.cert_file, key=settings.key_file),
    )


def _headers(settings: Any) -> dict[str, str]:
    if settings.refresh_api_key_hook is not None:
        settings.refresh_api_key_hook(settings)
    known = settings.auth_settings().values()
    return {each["key"]: each["value"] for each in known if each["in"] == "header" and each["value"]}
