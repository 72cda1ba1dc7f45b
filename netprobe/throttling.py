"""How often the kernel took the processor from this container because it was over its limit."""

from pathlib import Path

PLACES = (
    Path("/sys/fs/cgroup/cpu.stat"),
    Path("/sys/fs/cgroup/cpu/cpu.stat"),
    Path("/sys/fs/cgroup/cpu,cpuacct/cpu.stat"),
)
"""cgroup v2, and v1 as it is mounted. Only a group with a limit, or under one, counts periods."""


def throttled_periods(places: tuple[Path, ...] = PLACES) -> int | None:
    """Since the container began; None where no file tells."""
    for place in places:
        try:
            lines = place.read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        counts = dict(line.split(maxsplit=1) for line in lines if " " in line)
        if "nr_throttled" in counts:
            return int(counts["nr_throttled"])
    return None


def between(before: int | None, after: int | None) -> int | None:
    """Throttled periods of a probe; None when either reading is missing."""
    return None if before is None or after is None else after - before
