"""Names of stages that a service has and ragmeter does not know: which can be one."""

import re
from typing import Final

MOST_STAGES: Final = 16
"""Of one request; a service that names more of them names something else."""
PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_.:-]{0,39}$"
_NAME: Final = re.compile(PATTERN)
OURS: Final = frozenset(
    {
        "queue",
        "embedding",
        "retrieval",
        "llm_network",
        "llm_queue",
        "llm_prefill",
        "llm_first_decode",
        "llm_rest",
        "llm_first_token",
        "backend_rest",
        "client_network",
        "unexplained",
        "no_first_token",
        "decode",
    }
)
"""Names of the stages of `ragmeter.core.figures.attribution`: no other stage may be called like them."""


def why_no_stage(name: str) -> str | None:
    """What is wrong with a name; None where nothing is."""
    if not _NAME.fullmatch(name):
        return f"{name!r} cannot name a stage: allowed are a letter, then up to 39 letters, digits and any of _ . : -"
    return f"{name!r} is a stage of ragmeter's own" if name in OURS else None
