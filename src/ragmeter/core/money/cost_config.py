"""Price sheets of the predecessor's ``cost-config.yaml``: a section for each provider, and node counts for all."""

from collections.abc import Mapping
from typing import Any

from ragmeter.core.errors import ConfigError
from ragmeter.core.schema import check

_UNSAID = {"gpu_node_count": 1, "cpu_node_count": 2, "cluster_mgmt_usd_per_hr": 0}
"""What such a file means where it says nothing: it calls them optional."""


def is_cost_config(document: Any) -> bool:
    return isinstance(document, dict) and "providers" in document


def sheet_of(document: Mapping[str, Any], provider: str, *, schema: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The section of a provider as the price sheet of a provider file.

    schema: ``provider.v1``. Raises ConfigError without such a section, and for one that is no price sheet.
    """
    sections = document["providers"]
    if not isinstance(sections, dict) or provider not in sections:
        known = f"it has {', '.join(map(str, sections))}" if isinstance(sections, dict) and sections else "it has none"
        raise ConfigError(f"{where}: $.providers: no section {provider!r}, which is the provider of the run; {known}")
    at = f"{where}: $.providers.{provider}"
    counts = document.get("benchmark_context") or {}
    if not isinstance(counts, dict) or not isinstance(sections[provider], dict):
        raise ConfigError(f"{at if isinstance(counts, dict) else f'{where}: $.benchmark_context'}: is no mapping")
    said = {key: counts[key] for key in ("gpu_node_count", "cpu_node_count") if key in counts}
    sheet = {**_UNSAID, **said, "source": where, **sections[provider]}
    check(sheet, {**schema["$defs"]["price_sheet"], "$defs": schema["$defs"]}, at)
    return sheet
