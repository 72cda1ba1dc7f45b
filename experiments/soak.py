"""Whether anything grows: python -m experiments.soak [--minutes 60] [--streams 200] [--svg FILE] [--strict]

Measures the real backend, in front of a ground-truth LLM, with `ragmeter run` at a constant number of streams, and
meanwhile looks at memory, open files and threads of every process every few seconds. Of what comes after the warm-up
it prints the slope with its 95 % interval beside the noise. Flat is what grows by less than the noise or a hundredth,
not beyond doubt, or not in the second half: a leak does not stop, while pools that fill and a single step do. A leak of
60 MiB an hour is found in ten minutes. Exit status 1 with --strict where something grows.

The reporting process keeps every request until the end, in case the disk fails, so its memory is not flat by design:
what it grows by for each request is printed instead.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import psutil
import yaml

from ragmeter.core.stats.student import quantile
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.backend.running import Backend

EVERY_S = 2.0
WARM_UP = 0.25
"""Share of the time that counts as warm-up: connections, pools and caches fill."""
BLOCKS = 12
"""Readings beside each other are alike, so means of blocks are what the slope is taken of."""
SCRIPT = StreamScript(ttft_ms=2000, itl_ms=250, tokens=33)
SHARE = 0.01
"""Of the mean: what grows by less is flat. Where nothing happens there is next to no noise, and a page would count."""
REPORTING = "client, reporting"


@dataclass(frozen=True, slots=True)
class Reading:
    at_s: float
    value: float


Readings = dict[tuple[str, str], list[Reading]]
"""By process and quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """Per hour. low, high: of the 95 % interval. noise: standard deviation of what is left beside the line. span_h: of
    the time that it is taken of.
    """

    mean: float
    slope: float
    low: float
    high: float
    noise: float
    span_h: float

    @property
    def is_flat(self) -> bool:
        change = abs(self.slope) * self.span_h
        return self.low <= 0 <= self.high or change <= max(2 * self.noise, SHARE * self.mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """In the unit of the quantity. later: of the second half alone."""

    process: str
    quantity: str
    whole: Slope
    later: Slope

    @property
    def is_flat(self) -> bool:
        return self.whole.is_flat or self.later.low <= 0 <= self.later.high

    @property
    def grows(self) -> bool:
        return not self.is_flat and self.whole.slope > 0

    def line(self) -> str:
        whole = self.whole
        verdict = (
            "by design" if is_by_design(self) else "flat" if self.is_flat else "**grows**" if self.grows else "falls"
        )
        return (
            f"| {self.process} | {self.quantity} | {whole.mean:.1f} | {whole.slope:+.2f} "
            f"({whole.low:+.2f} to {whole.high:+.2f}) | {whole.noise:.2f} | {verdict} |"
        )


def is_by_design(trend: Trend) -> bool:
    return trend.process == REPORTING and trend.quantity.startswith("memory")


def trend_of(process: str, quantity: str, readings: Sequence[Reading]) -> Trend | None:
    """None of too few readings."""
    settled = readings[math.ceil(len(readings) * WARM_UP) :]
    later = settled[len(settled) // 2 :]
    if len(later) < BLOCKS:
        return None
    return Trend(process=process, quantity=quantity, whole=slope_of(settled), later=slope_of(later))


def slope_of(readings: Sequence[Reading]) -> Slope:
    """Of at least as many readings as there are blocks."""
    size = len(readings) // BLOCKS
    blocks = [readings[number * size : (number + 1) * size] for number in range(BLOCKS)]
    times = [sum(each.at_s for each in block) / size / 3600 for block in blocks]
    values = [sum(each.value for each in block) / size for block in blocks]
    mean_t, mean_v = sum(times) / BLOCKS, sum(values) / BLOCKS
    spread = sum((at - mean_t) ** 2 for at in times)
    slope = sum((at - mean_t) * (value - mean_v) for at, value in zip(times, values, strict=True)) / spread
    rest = sum((value - mean_v - slope * (at - mean_t)) ** 2 for at, value in zip(times, values, strict=True))
    noise = math.sqrt(rest / (BLOCKS - 2))
    half = quantile(0.975, BLOCKS - 2) * noise / math.sqrt(spread)
    return Slope(
        mean=mean_v,
        slope=slope,
        low=slope - half,
        high=slope + half,
        noise=noise,
        span_h=times[-1] - times[0],
    )


def soaked(folder: Path, minutes: float, streams: int) -> tuple[Readings, int]:
    """What was read, and how many requests there were."""
    readings: Readings = {}
    with GroundTruthServer(SCRIPT, process=True) as llm:
        backend = Backend(data_dir=folder / "data", llm_url=llm.base_url, RAG_LOG_LEVEL="warning")
        try:
            backend.ingest({f"{number}.md": f"Text number {number} of a soak. " * 30 for number in range(20)})
            provider = {"schema": "provider.v1", "name": "soaked", "base_url": backend.url}
            (folder / "soaked.yaml").write_text(yaml.safe_dump(provider))
            command = [sys.executable, "-m", "pytest", "--pyargs", "ragmeter.suite", "--provider=soaked.yaml"]
            load = [
                f"--bench-requests={math.ceil(streams * (minutes + 1) * 12)}",  # 10 s each: more than can be
                f"--bench-concurrency={streams}",
                f"--bench-duration={minutes * 60:g}",
                "--workload=light",
            ]
            rest = ["--bench-warmup=0", "--bench-calibrate=off", "-k", "something", "-p", "no:cacheprovider", "-q"]
            with (folder / "said").open("wb") as said:
                client = subprocess.Popen([*command, *load, *rest], cwd=folder, stdout=said, stderr=subprocess.STDOUT)
            began = time.monotonic()
            while client.poll() is None:
                look(readings, time.monotonic() - began, backend.process.pid, client.pid)
                time.sleep(EVERY_S)
        finally:
            backend.close()
    records = list((folder / "reports").glob("ns/soaked/*.raw.jsonl"))
    if not records:
        raise SystemExit((folder / "said").read_text(encoding="utf-8"))
    until_s = max(each.at_s for series in readings.values() for each in series) - 10  # reports are written after it
    kept = {key: [each for each in series if each.at_s <= until_s] for key, series in readings.items()}
    return kept, records[0].read_bytes().count(b'\n{"sample":')


def look(readings: Readings, at_s: float, backend: int, client: int) -> None:
    """Read what every process has; one that has just ended has nothing."""
    for name, process in processes(backend, client):
        try:
            with process.oneshot():
                now = {
                    "memory, MiB": process.memory_info().rss / 2**20,
                    "files": float(process.num_fds()),
                    "threads": float(process.num_threads()),
                }
        except psutil.Error:
            continue
        for quantity, value in now.items():
            readings.setdefault((name, quantity), []).append(Reading(at_s, value))


def processes(backend: int, client: int) -> list[tuple[str, psutil.Process]]:
    try:
        found = [("backend", psutil.Process(backend)), (REPORTING, psutil.Process(client))]
        workers = [
            each
            for each in psutil.Process(client).children(recursive=True)
            if "ragmeter.run.processes.worker" in each.cmdline()[1:3]
        ]
    except psutil.Error:
        return []
    return [*found, *((f"client, load process {number}", each) for number, each in enumerate(workers))]


def svg(readings: Readings) -> str:
    """A panel for each quantity, a line for each process."""
    colours = ("#0b6e4f", "#2f6fb3", "#d1495b", "#7a5195", "#e07a00")
    names = list(dict.fromkeys(name for name, _ in readings))
    quantities = list(dict.fromkeys(quantity for _, quantity in readings))
    end = max(each.at_s for series in readings.values() for each in series)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {len(quantities) * 200 + 40}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for number, quantity in enumerate(quantities):
        top = number * 200 + 30
        highest = max(each.value for key, series in readings.items() if key[1] == quantity for each in series) * 1.1
        parts.append(
            f'<text x="60" y="{top - 8}">{escape(quantity)}, 0 to {highest:.0f}; {end / 60:.0f} minutes</text>'
        )
        parts.append(f'<rect x="60" y="{top}" width="620" height="150" fill="none" stroke="#999"/>')
        for place, name in enumerate(names):
            series = readings.get((name, quantity), [])
            points = " ".join(
                f"{60 + 620 * each.at_s / end:.1f},{top + 150 - 150 * each.value / highest:.1f}" for each in series
            )
            colour = colours[place % len(colours)]
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
            parts.append(f'<text x="695" y="{top + 14 + 16 * place}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="whether memory, files or threads grow")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--svg", type=Path, metavar="FILE", help="what was read, as a picture")
    parser.add_argument("--strict", action="store_true", help="exit status 1 where something grows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ragmeter-soak-") as folder:
        readings, requests = soaked(Path(folder), options.minutes, options.streams)
    trends = [trend for key, series in readings.items() if (trend := trend_of(*key, series)) is not None]
    print(f"{options.streams} streams, {options.minutes:g} minutes, {requests} requests.\n")
    print("| process | quantity | mean | slope per hour (95 %) | noise | |\n|---|---|---|---|---|---|")
    for trend in trends:
        print(trend.line())
    for trend in filter(is_by_design, trends):
        per_request = trend.whole.slope * 2**20 / (requests / options.minutes * 60)
        print(f"\nThe reporting process grows by {per_request:.0f} bytes a request, which it keeps.")
    if options.svg:
        options.svg.write_text(svg(readings), encoding="utf-8")
    grows = any(trend.grows for trend in trends if not is_by_design(trend))
    sys.exit(grows and options.strict)


if __name__ == "__main__":
    main()
