"""Loads in which the options that replace a manifest value have a meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ragmeter._pytest.options.manifest_options import MANIFEST
from ragmeter._pytest.options.option import Option
from tests._pytest.project import Project

BY_NAME = {option.name.removeprefix("bench_"): option for option in MANIFEST.options}


class Replaced(NamedTuple):
    """A value of the manifest, and the option's."""

    manifest: Any
    option: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """values: by the option's name without its prefix. keys: the manifest's section ``load``. beside: further options
    that these need.
    """

    values: Mapping[str, Replaced]
    keys: Mapping[str, Any] = field(default_factory=dict)
    beside: Sequence[str] = ()

    def manifest(self, project: Project) -> None:
        """Write the workload with the values of the manifest."""
        sections: dict[str, Any] = {"load": {**self.keys}}
        for name, value in self.values.items():
            section, key = path_of(BY_NAME[name])
            sections.setdefault(section, {})[key] = value.manifest
        project.workload(**{name: keys for name, keys in sections.items() if keys})

    @property
    def flags(self) -> list[str]:
        return [f"{BY_NAME[name].flag}={value.option}" for name, value in self.values.items()]


def path_of(option: Option) -> tuple[str, str]:
    """Section and key of the manifest."""
    section, _, key = str(option.key).partition(".")
    return section, key


LOADS = {
    "closed": Load(
        values={
            "requests": Replaced(2, 5),
            "concurrency": Replaced(2, 3),
            "warmup": Replaced(1, 6),
            "trials": Replaced(1, 2),
            "seed": Replaced(21, 11),
            "timeout": Replaced(10, 7.5),
            "duration": Replaced(9, 7.25),
            "cool_down": Replaced(0.1, 0.04),
            "max_output_tokens": Replaced(16, 9),
            "docset": Replaced("handbook", "faq"),
            "k": Replaced(5, 14),
        }
    ),
    "shape": Load(values={"shape": Replaced("closed", "constant")}, beside=["--bench-rate=100"]),
    "ramp": Load(keys={"shape": "ramp"}, values={"rate": Replaced(100, 400.0), "end_rate": Replaced(200, 450.0)}),
    "gamma": Load(keys={"shape": "gamma", "rate_per_s": 100}, values={"burstiness": Replaced(2, 0.5)}),
    "bursts": Load(keys={"shape": "bursts", "rate_per_s": 100}, values={"burst_size": Replaced(1, 4)}),
    "trace": Load(keys={"shape": "trace", "trace_file": "trace.jsonl"}, values={"speedup": Replaced(2, 8.0)}),
}
