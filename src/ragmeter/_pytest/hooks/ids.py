"""Ids of tests that a shell takes without quotes and ``-k`` as they are: ``mine-tiny-p90-ttft_ms-le-2000``."""

from __future__ import annotations

import re
from typing import Final

NO_PROVIDER: Final = "no-provider"
_OPERATORS: Final = {"<=": "le", ">=": "ge", "<": "lt", ">": "gt", "/": "per"}
_OPERATOR: Final = re.compile("|".join(_OPERATORS))
_OTHERS: Final = re.compile(r"[^\w.+]+", re.ASCII)


def id_of(expression: str) -> str:
    """``p90-ttft_ms-le-2000`` of ``p90(ttft_ms) <= 2000``; ``error_ratio-le-0.01-at-8-per-s`` of a step of a sweep."""
    return _OTHERS.sub("-", _OPERATOR.sub(lambda at: f"-{_OPERATORS[at[0]]}-", expression)).strip("-").lower()
