"""Gauges in the Prometheus text format (exposition format 0.0.4)."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from ragmeter.report.markup import clean

Sample: TypeAlias = tuple[dict[str, str], float | None]


def gauge_lines(name: str, help_text: str, samples: Iterable[Sample]) -> Iterator[str]:
    """A family; nothing when no sample has a value."""
    lines = [_sample_line(name, labels, value) for labels, value in samples if value is not None]
    if lines:
        yield f"# HELP {name} {help_text}\n# TYPE {name} gauge\n"
        yield from lines


def _sample_line(name: str, labels: dict[str, str], value: float) -> str:
    written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{written}}} {float(value)!r}\n"


def _escaped(text: str) -> str:
    return clean(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
