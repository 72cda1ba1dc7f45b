"""What verdicts and prices ask of figures, wherever those come from."""

from collections.abc import Mapping
from typing import Protocol

from ragmeter.core.figures.summary import PhaseFigures
from ragmeter.core.stats.estimate import Estimate


class Figured(Protocol):
    """The figures of a phase: computed from its requests, or taken from a document."""

    @property
    def phase(self) -> PhaseFigures: ...

    @property
    def rates(self) -> Mapping[str, Estimate]: ...

    @property
    def trials(self) -> int: ...

    @property
    def good(self) -> int: ...

    @property
    def unknown(self) -> Mapping[str, str]: ...

    def estimate(self, metric: str, statistic: str | None) -> Estimate | None: ...
