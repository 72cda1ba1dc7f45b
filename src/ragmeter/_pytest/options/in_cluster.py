"""Where the pods of a load from inside the provider's cluster run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragmeter.core.inputs.provider import Provider
    from ragmeter.run.cluster.carried import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class InClusterOptions:
    """What was asked for; the rest is in the provider file."""

    pods: int
    image: str
    service_url: str
    begin_timeout: float
    namespace: str = "ragmeter"

    def place(self, provider: Provider) -> Place:
        """Raises ConfigError for a provider file without the context of its cluster."""
        from ragmeter.run.cluster.carried import Place
        from ragmeter.run.cluster.inside import context_of

        return Place(
            context=context_of(provider),
            namespace=provider.kube_namespace or self.namespace,
            image=self.image,
            pods=self.pods,
            begin_s=self.begin_timeout,
        )
