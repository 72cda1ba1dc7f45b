"""Options of a load that is sent from inside the provider's cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmeter import __version__
from ragmeter._pytest.options import Option
from ragmeter._pytest.parse import above_zero, positive, url

if TYPE_CHECKING:
    import pytest

    from ragmeter.core.provider import Provider
    from ragmeter.run.carried import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What was asked for; the rest is in the provider file."""

    pods: int = 1
    image: str = f"ragmeter-runner:{__version__}"
    service_url: str = "http://rag-backend"
    begin_timeout: float = 120
    namespace: str = "ragmeter"

    def place(self, provider: Provider) -> Place:
        """Raises ConfigError for a provider file without the context of its cluster."""
        from ragmeter.run.carried import Place
        from ragmeter.run.inside import context_of

        return Place(
            context=context_of(provider),
            namespace=provider.kube_namespace or self.namespace,
            image=self.image,
            pods=self.pods,
            begin_s=self.begin_timeout,
        )


cluster_settings = (
    Option(name="bench_pods", parse=positive, metavar="N", help="pods that share the load (default: 1)"),
    Option(name="bench_image", metavar="IMAGE", help=f"image of the suite (default: {Inside().image})"),
    Option(
        name="bench_service_url",
        parse=url,
        metavar="URL",
        help=f"the service as pods reach it (default: {Inside().service_url})",
    ),
    Option(
        name="bench_begin_timeout",
        parse=above_zero,
        metavar="SECONDS",
        help=f"time for the pods to begin (default: {Inside().begin_timeout:g})",
    ),
)


def add_cluster_options(parser: pytest.Parser) -> None:
    """Declare them, in a group of their own."""
    group = parser.getgroup("ragmeter in-cluster", "ragmeter: send the load from inside the provider's cluster")
    group.addoption(
        "--bench-in-cluster",
        action="store_true",
        default=None,
        help="send the load from pods in the namespace 'kube_namespace' of the cluster 'kube_context' of the provider "
        "file, and judge it here; `kubectl apply -k k8s/benchmark/access` prepares it; environment RAGMETER_IN_CLUSTER",
    )
    parser.addini("bench_in_cluster", "ini twin of --bench-in-cluster", type="bool", default=False)
    group.addoption(
        "--bench-edge",
        action="store_true",
        default=None,
        help="with --bench-in-cluster: send half of the requests, drawn at random, from here at the same time, and say "
        "what the provider's edge adds; latencies are then those from here; environment RAGMETER_EDGE",
    )
    parser.addini("bench_edge", "ini twin of --bench-edge", type="bool", default=False)
    for option in cluster_settings:
        group.addoption(
            option.flag,
            metavar=option.metavar,
            help=f"with --bench-in-cluster: {option.help}; environment {option.variable}",
        )
        parser.addini(option.name, f"ini twin of {option.flag}", default=None)
