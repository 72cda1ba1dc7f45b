"""What two vantage points saw of one service, in words. Shared by the page and the terminal."""

from ragmeter.core.result import EdgeMetric
from ragmeter.report.format import interval, quantity, unit_of
from ragmeter.report.naming import figure_label


def edge_label(at: EdgeMetric) -> str:
    return figure_label(at.metric, at.statistic)


def edge_cells(at: EdgeMetric) -> tuple[str, str, str]:
    """Inside, outside, and the difference with its interval."""
    unit = unit_of(at.metric)
    return quantity(at.inside, unit), quantity(at.outside, unit), quantity(at.difference.value, unit)


def edge_interval(at: EdgeMetric) -> str:
    return interval(at.difference, unit_of(at.metric))
