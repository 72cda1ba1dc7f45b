"""Files that come with the backend for benchmarks: the Job's template, and what the suite ships and checks."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigurationError


def shipped(path: str) -> Path:
    """Those of the image or checkout, or those of the wheel. Raises ConfigurationError."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent, package.parent / "data"):
        if (folder / path).exists():
            return folder / path
    raise ConfigurationError(f"BENCH_IMAGE is set, but {path} is not where the backend is installed")
