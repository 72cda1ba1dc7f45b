"""What is shown of the answers' quality."""

from typing import Final

from ragmeter.core.requests.quality_metrics import SHARES_OF_ANSWERS
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate

_ASKED_FOR: Final = {"groundedness", "token_f1"}
"""What is known only where passages are told or answers are labelled."""


def known_answers(result: RunResult) -> list[tuple[str, Estimate]]:
    """Metrics with their means; none where nobody asked for the quality of answers."""
    means = {name: result.estimates[name].mean for name in SHARES_OF_ANSWERS if name in result.estimates}
    known = [(name, mean) for name, mean in means.items() if mean.value is not None]
    return known if {name for name, _ in known} & _ASKED_FOR else []
