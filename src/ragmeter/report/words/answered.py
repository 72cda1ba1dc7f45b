"""What is shown of the answers' quality."""

from typing import Final

from ragmeter.core.requests.quality_metrics import SHARES_OF_ANSWERS
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate

_OF_EVERY_ANSWER: Final = {"refusal_ratio", "same_language_ratio"}


def known_answers(result: RunResult) -> list[tuple[str, Estimate]]:
    """Metrics with their means; none where nothing is known but what every answer tells."""
    means = {name: result.estimates[name].mean for name in SHARES_OF_ANSWERS if name in result.estimates}
    known = [(name, mean) for name, mean in means.items() if mean.value is not None]
    return known if {name for name, _ in known} - _OF_EVERY_ANSWER else []
