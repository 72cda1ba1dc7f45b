"""What was asked for: on the command line, in the environment and in the ini file, in this order."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ragmeter._pytest.options.in_cluster import InClusterOptions
from ragmeter._pytest.options.inherited import inherited_provider
from ragmeter._pytest.options.manifest_options import MANIFEST
from ragmeter._pytest.options.option import Group, Option, Takes
from ragmeter._pytest.options.probe_options import PROBE
from ragmeter._pytest.options.resolve import resolved
from ragmeter._pytest.options.table import OPTIONS
from ragmeter.core.inputs.access.listen import Address
from ragmeter.core.setting import Setting

if TYPE_CHECKING:
    from ragmeter.core.netprobe.document import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What was asked for on the command line, in the environment and in the ini file.

    docs: the folder of the embedded service's documents; absolute.
    baseline_missing: whether a run without a baseline is refused or recorded as one.
    base_url, baseline, reference, max_usd, max_minutes: with their origin. slos: (expression, origin). report_dir:
    absolute.
    min_effect_ratio: the smallest relative difference that matters; None: nobody said. aa: whether each provider runs
    as two runs. live: whether the session is shown while it runs. otlp: where spans are received. cache_matrix: whether
    each workload is measured in every cache state.
    workers: load processes; None for as many as the load needs. order: what this pod runs,
    with others when there are several shards. in_cluster: how the load is sent from within the provider's cluster;
    None: from here. edge: whether it is sent from within and from outside at once. netprobe: values that replace
    those of a provider file's section. ew: when a run that measures probes, too. netprobe_reference: the probe that
    results refer to; None: nobody said. probe_only: whether nothing else is selected, by ``-m ew_probe``.
    result_file: where the result document goes, too; summary_file, metrics_file: the summary in Markdown, and the
    figures as OpenMetrics; absolute. report_url: where the report folder will be found. notices: what the user should
    know.
    """

    providers: tuple[str, ...]
    workloads: tuple[str, ...]
    base_url: Setting | None
    docs: Path | None
    settings: tuple[Setting, ...]
    slos: tuple[tuple[str, str], ...]
    baseline: Setting | None
    baseline_missing: str
    reference: Setting | None
    max_usd: Setting | None
    max_minutes: Setting | None
    min_effect_ratio: float | None
    aa: bool
    live: bool
    otlp: Address | None
    cache_matrix: bool
    workers: int | None
    calibrate: bool
    clock: str
    strict: bool
    report_dir: Path
    progress: str
    pushgateway: str | None
    show_errors: int
    order: str | None
    netprobe: tuple[Setting, ...]
    netprobe_reference: str | None
    ew: "Load"
    probe_only: bool
    shards: int
    in_cluster: InClusterOptions | None
    edge: bool
    result_file: Path | None
    summary_file: Path | None
    metrics_file: Path | None
    report_url: str | None
    notices: tuple[str, ...]


BY_FIELD = {option.attribute: option for option in OPTIONS.values() if option.key is None}
"""Options that are a field of a record; the others replace a value of a file."""


def bench_options(config: pytest.Config, environment: Mapping[str, str] = os.environ) -> BenchOptions:
    """Read the options. Raises ConfigError for a value that is not of its option's type."""
    found = resolved(config, environment)
    values = _values(BenchOptions, found, config.rootpath)
    inherited = None if values["providers"] else inherited_provider(config, environment)
    slos = found.get("bench_slo")
    return BenchOptions(
        **values
        | {
            "providers": (inherited[0],) if inherited else values["providers"],
            "slos": tuple((text, slos.origin) for text in slos.value) if slos else (),
            "in_cluster": InClusterOptions(**_values(InClusterOptions, found)) if values["in_cluster"] else None,
        },
        settings=_set(MANIFEST, found),
        netprobe=_set(PROBE, found),
        probe_only=str(config.option.markexpr).strip() == "ew_probe",
        notices=(inherited[1],) if inherited else (),
    )


def _values(record: type, found: Mapping[str, Setting], folder: Path = Path()) -> dict[str, Any]:
    """What each field of the record that is an option's has. folder: that a default path is relative to."""
    named = (field.name for field in fields(record))
    return {name: _value(BY_FIELD[name], found, folder) for name in named if name in BY_FIELD}


def _value(option: Option, found: Mapping[str, Setting], folder: Path) -> Any:
    setting = found.get(option.name)
    if option.with_origin:
        return setting
    if setting is not None:
        return setting.value
    return folder / option.default if option.takes is Takes.FILE and option.default else option.default


def _set(group: Group, found: Mapping[str, Setting]) -> tuple[Setting, ...]:
    return tuple(found[option.name] for option in group.options if option.name in found)
