"""What was asked for: on the command line, in the environment and in the ini file, in this order."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ragmeter._pytest.cluster_options import Inside, cluster_settings
from ragmeter._pytest.options import SHOWN_ERRORS, Option, overrides
from ragmeter._pytest.parse import (
    above_zero,
    clock,
    clocks,
    count,
    positive,
    progress_mode,
    progress_modes,
    share,
    switch,
    url,
)
from ragmeter._pytest.probe_options import netprobe_reference, probe_settings, probe_when
from ragmeter.core.errors import ConfigError
from ragmeter.core.setting import Setting

if TYPE_CHECKING:
    from ragmeter.core.run import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What was asked for on the command line, in the environment and in the ini file.

    base_url, baseline, max_usd, max_minutes: with their origin. slos: (expression, origin). report_dir: absolute.
    min_effect_ratio: the smallest relative difference that matters; None: nobody said. aa: whether each provider runs
    as two arms. workers: load processes; None for as many as the load needs. order: what this pod carries out,
    with others when there are several shards. inside: how the load is sent from within the provider's cluster; None:
    from here. edge: whether it is sent from within and from outside at once. netprobe: values that replace those of a
    provider file's section. ew: when a run that measures probes, too. netprobe_reference: the probe that results refer
    to; None: nobody said. probe_only: whether nothing else is selected, by ``-m ew_probe``.
    """

    providers: tuple[str, ...]
    workloads: tuple[str, ...]
    base_url: Setting | None
    settings: tuple[Setting, ...]
    slos: tuple[tuple[str, str], ...]
    baseline: Setting | None
    max_usd: Setting | None
    max_minutes: Setting | None
    min_effect_ratio: float | None
    aa: bool
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
    inside: Inside | None
    edge: bool


base_url = Option(name="bench_base_url", key="base_url", alias="--base-url")
baseline = Option(name="bench_baseline", key="baseline")
min_effect = Option(name="bench_min_effect", parse=share)
workers = Option(name="bench_workers", parse=positive)
calibrate = Option(name="bench_calibrate", parse=switch)
max_usd = Option(name="bench_max_usd", parse=above_zero, key="max_usd")
max_minutes = Option(name="bench_max_minutes", parse=above_zero, key="max_minutes")
progress = Option(name="bench_progress", parse=progress_mode)
client_clock = Option(name="bench_clock", parse=clock)
pushgateway = Option(name="bench_pushgateway", parse=url)
show_errors = Option(name="bench_show_errors", parse=count)
order = Option(name="bench_order")
shards = Option(name="bench_shards", parse=positive)


def bench_options(config: pytest.Config, environment: Mapping[str, str] = os.environ) -> BenchOptions:
    """Read the options. Raises ConfigError for a value that is not of its option's type."""
    return BenchOptions(
        providers=_names(config, environment, "bench_provider", "RAGMETER_PROVIDER"),
        workloads=_names(config, environment, "bench_workload", "RAGMETER_WORKLOAD"),
        base_url=_setting(config, environment, base_url),
        settings=tuple(s for option in overrides if (s := _setting(config, environment, option)) is not None),
        slos=_slos(config, environment),
        baseline=_setting(config, environment, baseline),
        max_usd=_setting(config, environment, max_usd),
        max_minutes=_setting(config, environment, max_minutes),
        min_effect_ratio=_value(config, environment, min_effect, None),
        aa=_switched(config, environment, "bench_aa", "RAGMETER_AA"),
        workers=_value(config, environment, workers, None),
        calibrate=_value(config, environment, calibrate, True),
        clock=_value(config, environment, client_clock, clocks[0]),
        strict=_switched(config, environment, "bench_strict", "RAGMETER_STRICT"),
        report_dir=_report_dir(config, environment),
        progress=_value(config, environment, progress, progress_modes[0]),
        pushgateway=_value(config, environment, pushgateway, None),
        show_errors=_value(config, environment, show_errors, SHOWN_ERRORS),
        order=_value(config, environment, order, None),
        netprobe=tuple(s for option in probe_settings if (s := _setting(config, environment, option)) is not None),
        netprobe_reference=_value(config, environment, netprobe_reference, None),
        ew=_value(config, environment, probe_when, "none"),
        probe_only=str(config.option.markexpr).strip() == "ew_probe",
        shards=_value(config, environment, shards, 1),
        inside=_inside(config, environment),
        edge=_edge(config, environment),
    )


def _names(config: pytest.Config, environment: Mapping[str, str], name: str, variable: str) -> tuple[str, ...]:
    listed: Sequence[str] = config.getoption(name) or environment.get(variable, "").split(",")
    given = [text.strip() for text in listed if text.strip()] or config.getini(name)
    return tuple(dict.fromkeys(given))


def _slos(config: pytest.Config, environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    listed = [text.strip() for text in re.split(r"[;\n]", environment.get("RAGMETER_SLO", "")) if text.strip()]
    candidates = (
        (config.getoption("bench_slo") or (), "--bench-slo"),
        (listed, "environment RAGMETER_SLO"),
        (config.getini("bench_slo"), "ini bench_slo"),
    )
    return next((tuple((text, origin) for text in texts) for texts, origin in candidates if texts), ())


def _switched(config: pytest.Config, environment: Mapping[str, str], name: str, variable: str) -> bool:
    if config.getoption(name):
        return True
    if text := environment.get(variable):
        return bool(_parsed(switch, text, f"environment {variable}"))
    try:
        return bool(config.getini(name))
    except ValueError as error:  # pytest 9 raises a UsageError
        raise ConfigError(f"ini {name}: {error}") from error


def _report_dir(config: pytest.Config, environment: Mapping[str, str]) -> Path:
    if text := config.getoption("bench_report_dir") or environment.get("RAGMETER_REPORT_DIR"):
        return Path(config.invocation_params.dir, text)
    return Path(config.rootpath, config.getini("bench_report_dir"))


def _value(config: pytest.Config, environment: Mapping[str, str], option: Option, default: Any) -> Any:
    found = _setting(config, environment, option)
    return default if found is None else found.value


def _inside(config: pytest.Config, environment: Mapping[str, str]) -> Inside | None:
    """Raises ConfigError for an option that would be ignored."""
    given = {option.name: _setting(config, environment, option) for option in cluster_settings}
    found = {name.removeprefix("bench_"): setting for name, setting in given.items() if setting is not None}
    if _switched(config, environment, "bench_in_cluster", "RAGMETER_IN_CLUSTER"):
        return Inside(**{name: setting.value for name, setting in found.items()})
    for setting in found.values():
        raise ConfigError(f"{setting.origin}: {setting.value!r} means nothing without --bench-in-cluster")
    return None


def _edge(config: pytest.Config, environment: Mapping[str, str]) -> bool:
    """Raises ConfigError where it would be ignored."""
    asked = _switched(config, environment, "bench_edge", "RAGMETER_EDGE")
    by_pods = _switched(config, environment, "bench_in_cluster", "RAGMETER_IN_CLUSTER")
    if asked and not by_pods and _setting(config, environment, order) is None:
        raise ConfigError("--bench-edge means nothing without --bench-in-cluster")
    return asked


def _setting(config: pytest.Config, environment: Mapping[str, str], option: Option) -> Setting | None:
    """The value by precedence; None where nobody set it, and an empty text sets nothing."""
    foreign = _foreign_base_url(config) if option is base_url else None
    candidates = (
        (config.getoption(option.name) or foreign, option.flag),
        (environment.get(option.variable), f"environment {option.variable}"),
        (config.getini(option.name), f"ini {option.name}"),
    )
    for text, origin in candidates:
        if text not in (None, ""):
            return Setting(key=str(option.key), value=_parsed(option.parse, str(text), origin), origin=origin)
    return None


def _foreign_base_url(config: pytest.Config) -> str | None:
    """What was written after a --base-url that another plugin owns; its default is no business of ours."""
    written = any(argument.split("=")[0] == "--base-url" for argument in map(str, config.invocation_params.args))
    return config.getoption("base_url", None) if written else None


def _parsed(parse: Callable[[str], Any], text: str, origin: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f"{origin}: {error}") from error
