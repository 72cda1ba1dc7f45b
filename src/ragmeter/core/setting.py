"""A manifest value from outside the manifest."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """key: dotted path in the manifest. origin: who set it: ``--bench-requests``, an environment variable, the ini."""

    key: str
    value: Any
    origin: str
