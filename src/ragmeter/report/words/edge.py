"""What two vantage points saw of one service, in words. Shared by the page and the terminal."""

from ragmeter.core.compare.edge import EdgeMetric
from ragmeter.report.words.format import number, quantity, shown_number, unit_of


def edge_label(at: EdgeMetric) -> str:
    return at.figure.label


def edge_cells(at: EdgeMetric) -> tuple[str, str, str]:
    """Inside, outside, and the difference with its sign."""
    unit, difference = unit_of(at.metric), at.difference.value
    sign = "+" if difference is not None and difference > 0 else ""
    return quantity(at.inside, unit), quantity(at.outside, unit), f"{sign}{quantity(difference, unit)}"


def edge_interval(at: EdgeMetric) -> str:
    """In the unit of the difference."""
    low, high, unit = at.difference.low, at.difference.high, unit_of(at.metric)
    if low is None or high is None:
        return "no interval"
    return f"[{number(shown_number(low, unit))}, {number(shown_number(high, unit))}]"
