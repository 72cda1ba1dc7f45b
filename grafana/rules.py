"""Recording and alerting rules, from the objectives in the configuration."""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import yaml

from grafana.config import (
    BURN_RATES,
    BURN_WINDOWS,
    GPU_SATURATED_PERCENT,
    KV_CACHE_FULL_RATIO,
    QUERIES,
    SERVER_FAULTS,
    SLOS,
    STALE_DAYS,
    BurnRate,
    ErrorSlo,
    Slo,
)

Rule: TypeAlias = dict[str, Any]
_MEASUREMENTS: Final = (
    ("ProbeStale", "ew_probe_timestamp_seconds", "east-west probe", "pytest -m ew_probe"),
    ("RunStale", "ragmeter_run_ended_timestamp_seconds", "benchmark run", "pytest bench --bench-pushgateway"),
)
KV_CACHE: Final = "max by (provider) (vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc)"


def recording_rules() -> str:
    return _yaml({"groups": _recording()})


def alerting_rules() -> str:
    return _yaml({"groups": _alerting()})


def operator_rules() -> str:
    """All of them as the object that the Prometheus Operator reads."""
    labels = {"app.kubernetes.io/name": "ragmeter-rules", "app.kubernetes.io/part-of": "ragmeter"}
    return _yaml(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": "ragmeter", "namespace": "ragmeter", "labels": labels},
            "spec": {"groups": [*_recording(), *_alerting()]},
        }
    )


def _recording() -> list[Rule]:
    return [{"name": f"ragmeter-slo-{window}", "rules": list(_recorded(window))} for window in BURN_WINDOWS]


def _alerting() -> list[Rule]:
    burning = [_burning(slo, burn) for slo in SLOS for burn in BURN_RATES]
    return [
        {"name": "ragmeter-slo-burn", "rules": burning},
        {"name": "ragmeter-capacity", "rules": [_gpu_saturated(), _kv_cache_full()]},
        {"name": "ragmeter-scrape", "rules": [_target_down()]},
        {"name": "ragmeter-stale", "rules": [_stale(*at) for at in _MEASUREMENTS]},
    ]


def _yaml(document: dict[str, Any]) -> str:
    head = "# Written by `python -m grafana` from grafana/config.py and grafana/rules.py.\n"
    return head + yaml.safe_dump(document, sort_keys=False, width=1000)


def _recorded(window: str) -> Iterator[Rule]:
    """NaN while nothing is asked: an alert compares it, and does not fire."""
    for slo in SLOS:
        yield {"record": f"provider:slo_bad:ratio_rate{window}", "labels": {"slo": slo.name}, "expr": _bad(slo, window)}


def _bad(slo: Slo, window: str) -> str:
    if isinstance(slo, ErrorSlo):
        failed = f"sum by (provider) (rate(rag_errors_total{{{QUERIES}, {SERVER_FAULTS}}}[{window}]))"
        asked = f"sum by (provider) (rate(rag_requests_total{{{QUERIES}}}[{window}]))"
        return f"({failed} or 0 * {asked}) / {asked}"
    good = f'sum by (provider) (rate({slo.histogram}_bucket{{le="{slo.bound_s}"}}[{window}]))'
    return f"1 - {good} / sum by (provider) (rate({slo.histogram}_count[{window}]))"


def _burning(slo: Slo, burn: BurnRate) -> Rule:
    bound = f"{burn.factor:g} * {slo.budget_ratio:g}"
    series = f'provider:slo_bad:ratio_rate{{}}{{slo="{slo.name}"}} > {bound}'
    long, short = (series.replace("{}", window, 1) for window in (burn.long, burn.short))
    return {
        "alert": f"RagSloBurn_{slo.name}_{burn.long}",
        "expr": f"{long} and {short}",
        "for": burn.hold,
        "labels": {"severity": burn.severity, "slo": slo.name},
        "annotations": {
            "summary": f"{{{{ $labels.provider }}}}: {slo.name} uses up its budget {burn.factor:g} times too fast",
            "description": f"{{{{ $value | humanizePercentage }}}} of the last {burn.long} miss the objective; "
            f"{slo.good_ratio:.0%} shall meet it.",
        },
    }


def _gpu_saturated() -> Rule:
    """A busy GPU alone is money well spent; one that lets requests wait is saturated."""
    busy = f"avg by (provider) (avg_over_time(DCGM_FI_DEV_GPU_UTIL[10m])) > {GPU_SATURATED_PERCENT}"
    waiting = "sum by (provider) (avg_over_time(vllm:num_requests_waiting[10m])) > 0"
    return {
        "alert": "GpuSaturated",
        "expr": f"{busy} and on (provider) {waiting}",
        "for": "5m",
        "labels": {"severity": "ticket"},
        "annotations": {
            "summary": "{{ $labels.provider }}: the GPUs are saturated and requests wait",
            "description": "Mean utilisation of 10 minutes: {{ $value | humanize }} %.",
        },
    }


def _kv_cache_full() -> Rule:
    return {
        "alert": "KvCacheFull",
        "expr": f"{KV_CACHE} > {KV_CACHE_FULL_RATIO}",
        "for": "5m",
        "labels": {"severity": "ticket"},
        "annotations": {
            "summary": "{{ $labels.provider }}: vLLM's KV cache is full",
            "description": "{{ $value | humanizePercentage }} in use: requests wait or are preempted. Fewer concurrent "
            "requests, a shorter max_model_len or more GPU memory help.",
        },
    }


def _target_down() -> Rule:
    return {
        "alert": "TargetDown",
        "expr": 'up{job=~"(.+/)?(rag-backend|vllm|.*dcgm-exporter)"} == 0',
        "for": "3m",
        "labels": {"severity": "page"},
        "annotations": {
            "summary": "{{ $labels.provider }}: {{ $labels.job }} cannot be scraped",
            "description": "{{ $labels.instance }} has not answered for 3 minutes; its panels are blank, not zero.",
        },
    }


def _stale(alert: str, moment: str, name: str, command: str) -> Rule:
    """A Pushgateway keeps what it was given, whatever its age: the latest is not the current."""
    return {
        "alert": alert,
        "expr": f"time() - max by (provider) ({moment}) > {STALE_DAYS} * 86400",
        "for": "1h",
        "labels": {"severity": "ticket"},
        "annotations": {
            "summary": f"{{{{ $labels.provider }}}}: the latest {name} is stale",
            "description": f"It is {{{{ $value | humanizeDuration }}}} old; `{command}` makes a new one.",
        },
    }
