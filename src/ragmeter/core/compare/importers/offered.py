"""The load that a result of another tool was measured with, as far as its file says."""

import math
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedLoad:
    """None for what the file does not say.

    shape: `closed` (so many at once), `constant` or `Poisson` (arrivals of an open loop), `open` (arrivals are not
    described), `burst` (all at once), or the tool's own word. rate_per_s: asked for, in requests/s. concurrency: of a
    closed loop its users, of an open loop its limit. input_tokens: mean of a request. duration_s: of the measurement.
    """

    shape: str | None = None
    rate_per_s: float | None = None
    concurrency: int | None = None
    input_tokens: float | None = None
    streaming: bool | None = None
    max_output_tokens: int | Literal["no limit"] | None = None
    duration_s: float | None = None

    def identity(self) -> dict[str, Any]:
        """The fields of a run's identity that two results must have in common: all but the duration."""
        named = {
            "load_shape": self.shape,
            "rate_per_s": self.rate_per_s,
            "concurrency": self.concurrency,
            "input_tokens": self.input_tokens,
            "streaming": self.streaming,
            "max_output_tokens": self.max_output_tokens,
        }
        return {field: value for field, value in named.items() if value is not None}

    def __str__(self) -> str:
        names = {None: "", "closed": "closed loop", "burst": "all requests at once", "open": "open loop"}
        said = [
            names.get(self.shape, f"open loop, {self.shape} arrivals"),
            f"{self.rate_per_s:.6g} requests/s" if self.rate_per_s is not None else "",
            f"{self.concurrency} at once" if self.concurrency is not None else "",
            f"{self.input_tokens:.0f} input tokens" if self.input_tokens is not None else "",
            self._output_limit(),
            "not streamed" if self.streaming is False else "",
            f"{self.duration_s:.3g} s" if self.duration_s is not None else "",
        ]
        return ", ".join(each for each in said if each) or "not written down"

    def _output_limit(self) -> str:
        if self.max_output_tokens is None:
            return ""
        if self.max_output_tokens == "no limit":
            return "no limit of output tokens"
        return f"at most {self.max_output_tokens} output tokens"


NO_LOAD = OfferedLoad()


def positive(value: Any) -> float | None:
    """A finite number above 0; None for anything else: a tool writes 0, -1, NaN, "inf" or null for what it has not."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def whole(value: Any) -> int | None:
    """`positive`, as a count."""
    number = positive(value)
    return None if number is None else int(number)
