"""Which keys of ``load`` belong to which shape: what would be ignored is refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from ragmeter.core.errors import ConfigError
from ragmeter.core.setting import Setting

TAKEN_BY: Mapping[str, tuple[str, ...]] = {
    "rate_per_s": ("constant", "poisson", "gamma", "ramp", "bursts"),
    "end_rate_per_s": ("ramp",),
    "burstiness": ("gamma",),
    "burst_size": ("bursts",),
    "rates_per_s": ("sweep",),
    "trace_file": ("trace",),
    "speedup": ("trace",),
    "search": ("closed", "constant", "poisson", "gamma"),
}


def check_load(load: Mapping[str, Any], settings: Sequence[Setting], where: str) -> None:
    """Raise ConfigError for a key that has no meaning with the shape. What is missing or unknown, the schema says."""
    shape = load.get("shape", "closed")
    known = {"closed"}.union(*TAKEN_BY.values())
    for key, shapes in TAKEN_BY.items():
        if key in load and shape in known - set(shapes):
            raise ConfigError(f"{where}: $.load.{key}: {load[key]!r} needs $.load.shape {_either(shapes)}, not {shape}")
    concurrency = next((setting.value for setting in settings if setting.key == "benchmark.concurrency"), None)
    if shape != "closed" and concurrency is not None:
        raise ConfigError(f"{where}: $.benchmark.concurrency: {concurrency!r} needs $.load.shape closed, not {shape}")


def check_ramp(load: Mapping[str, Any], requests: int, duration_s: float | None, where: str) -> None:
    """Raise ConfigError for a ramp that its number of requests ends before it is up."""
    if load["shape"] != "ramp" or duration_s is None:
        return
    rate, end_rate = load["rate_per_s"], load["end_rate_per_s"]
    if ramp_s(rate, end_rate, requests) < duration_s:
        needed = round((rate + end_rate) / 2 * duration_s)
        raise ConfigError(
            f"{where}: $.benchmark.requests: {requests} end the ramp before its end: about {needed} start within "
            f"$.benchmark.duration of {duration_s:g} s; leave out the duration or ask for more requests"
        )


def _either(shapes: Sequence[str]) -> str:
    *others, last = shapes
    return f"{', '.join(others)} or {last}" if others else last


def ramp_s(rate_per_s: float, end_rate_per_s: float, requests: int) -> float:
    """How long a ramp of so many requests is on average."""
    return 2 * requests / (rate_per_s + end_rate_per_s)
