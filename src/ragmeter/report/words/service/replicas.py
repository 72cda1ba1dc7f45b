"""How much longer a replica takes than its siblings, in words."""

from ragmeter.core.figures.replicas import Ratio
from ragmeter.core.formatting import number_text


def ratio_words(ratio: Ratio) -> tuple[str, str]:
    """The change in per cent, and its interval."""
    value, low, high = (_signed(each) for each in (ratio.value, ratio.low, ratio.high))
    return f"{value} %", f"{low} to {high} %"


def _signed(factor: float) -> str:
    text = number_text(100 * (factor - 1), 3)
    return text if text.startswith("-") else f"+{text}"
