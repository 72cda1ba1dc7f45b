"""The east-west probe that belongs to a run: a file that somebody names, or the latest of the provider."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ragmeter.clients.files import read_text, schema
from ragmeter.core.codec import decode
from ragmeter.core.errors import ConfigError
from ragmeter.core.netprobe import Netprobe
from ragmeter.core.run import ProbeReference
from ragmeter.core.schema import check
from ragmeter.run.catalog import shown

LATEST, OFF = "latest", "off"
MAX_AGE: Final = timedelta(hours=24)
"""The network of a cluster is not the same after an upgrade or a change of nodes; a day is a guess, and is said."""


def load_netprobe(path: Path) -> Netprobe:
    """The document of a probe. Raises ConfigError for a file that is none."""
    try:
        document = json.loads(read_text(path))
    except ValueError as error:
        raise ConfigError(f"{shown(path)}: not JSON: {error}") from error
    check(document, schema("netprobe-ew.v1"), shown(path))
    return decode(Netprobe, document, where=shown(path))


def probe_reference(asked: str | None, *, provider: str, folder: Path, now: datetime) -> ProbeReference | None:
    """What a run takes from ``asked``: a file, ``off``, or the ``latest`` of the provider's folder within a day.

    None where there is none, and for a probe without a round trip. Raises ConfigError for a file that is no probe, and
    for one that is named and is of another provider.
    """
    if asked == OFF:
        return None
    if asked in (None, LATEST):
        path = max(folder.glob("*.json"), default=None)  # names are times
        found = None if path is None else load_netprobe(path)
        recent = found is not None and now - datetime.fromisoformat(found.timestamp) <= MAX_AGE
        return reference_of(found, path) if found is not None and path is not None and recent else None
    path = Path(asked)
    found = load_netprobe(path)
    if found.provider != provider:
        raise ConfigError(f"{asked}: $.provider: {found.provider!r} is not {provider!r}: the probe of another cluster")
    return reference_of(found, path)


def reference_of(found: Netprobe, path: Path) -> ProbeReference | None:
    """The round trip through a Service where it was measured, as the backend reaches the LLM; else between pods."""
    routes = [(name, found.paths[name]) for name in ("pod_to_service", "pod_to_pod") if name in found.paths]
    if not routes or found.client_node is None or found.server_node is None:
        return None
    route, latency = routes[0]
    return ProbeReference(
        path=shown(path),
        timestamp=found.timestamp,
        client_node=found.client_node,
        server_node=found.server_node,
        same_node=bool(found.same_node),
        route=route,
        p50_ms=latency.p50_ms,
        p99_ms=latency.p99_ms,
    )
