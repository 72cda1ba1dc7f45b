"""The east-west probe that belongs to a run: a file that somebody names, or the latest of the provider."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ragmeter.clients.files import read_text, schema
from ragmeter.core.codec import decode
from ragmeter.core.errors import ConfigError
from ragmeter.core.netprobe.document import Netprobe
from ragmeter.core.schema import check
from ragmeter.run.plan.catalog import shown

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


def find_netprobe(asked: str | None, *, provider: str, folder: Path, now: datetime) -> tuple[Netprobe, str] | None:
    """The probe that ``asked`` means, and its path: a file, or the ``latest`` of the provider's folder within a day.

    None where there is none, and for ``off``. Raises ConfigError for a file that is no probe, and
    for one that is named and is of another provider.
    """
    if asked == OFF:
        return None
    if asked in (None, LATEST):
        path = max(folder.glob("*.json"), default=None)  # names are times
        found = None if path is None else load_netprobe(path)
        if found is None or path is None or now - datetime.fromisoformat(found.timestamp) > MAX_AGE:
            return None
        return found, shown(path)
    path = Path(asked)
    found = load_netprobe(path)
    if found.provider != provider:
        raise ConfigError(f"{asked}: $.provider: {found.provider!r} is not {provider!r}: the probe of another cluster")
    return found, shown(path)
