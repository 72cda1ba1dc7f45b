"""The east-west probes that belong to the runs of a comparison."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragmeter.clients.files import read_document
from ragmeter.core.compare.comparison import Comparison


def linked_probes(found: Comparison) -> dict[str, Mapping[str, Any]]:
    """By the label of the side, of those whose file is still there. Raises ConfigError for a file that is not JSON."""
    paths = {side.label: Path(side.netprobe_reference) for side in found.sides if side.netprobe_reference}
    return {label: read_document(path) for label, path in paths.items() if path.is_file()}
