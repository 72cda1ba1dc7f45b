"""Queries of GPUs on what dcgm-exporter's versions expose: labels renamed, one host name for all, MIG instances."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.queries import gpu
from tests.grafana.test_rules import told
from tests.programs import program


def series(metric: str, value: int, **labels: str) -> dict[str, str]:
    named = ",".join(f'{name}="{text}"' for name, text in {"provider": "aws-eks", "gpu": "0", **labels}.items())
    return {"series": f"{metric}{{{named}}}", "values": f"{value}x10"}


def nodes(metric: str, first: int, second: int, *hosts: dict[str, str]) -> list[dict[str, str]]:
    return [
        series(metric, value, UUID=f"GPU-{number}", **host)
        for number, (value, host) in enumerate(zip((first, second), hosts, strict=True))
    ]


OLD = ({"Hostname": "node-1"}, {"Hostname": "node-2"})
NEW = ({"hostname": "node-1"}, {"hostname": "node-2"})
ALIKE = ({"Hostname": "localhost"}, {"Hostname": "localhost"})
NONE: tuple[dict[str, str], dict[str, str]] = ({}, {})
SLICES = [{"UUID": "GPU-0", "Hostname": "n", "GPU_I_PROFILE": "3g.40gb", "GPU_I_ID": number} for number in "12"]
MIG = [
    series("DCGM_FI_DEV_FB_USED", 36000, **SLICES[0]),
    series("DCGM_FI_DEV_FB_FREE", 4000, **SLICES[0]),
    series("DCGM_FI_DEV_FB_USED", 0, **SLICES[1]),
    series("DCGM_FI_DEV_FB_FREE", 40000, **SLICES[1]),
    *(series("DCGM_FI_DEV_POWER_USAGE", 70, **each) for each in SLICES),
    *(series("DCGM_FI_DEV_POWER_USAGE", 70, **each, container="a") for each in SLICES),
]


@pytest.mark.parametrize(
    ("given", "query", "values"),
    [
        *(
            (nodes("DCGM_FI_DEV_GPU_UTIL", 90, 10, *hosts), f"sort({gpu.utilisation()})", [10, 90])
            for hosts in (OLD, NEW, ALIKE, NONE)
        ),
        *(
            (nodes("DCGM_FI_DEV_POWER_USAGE", 70, 60, *hosts), f"sum by (provider) ({gpu.power()})", [130])
            for hosts in (OLD, NEW, ALIKE, NONE)
        ),
        (MIG, f"sort({gpu.memory_used_ratio()})", [0, 0.9]),
        (MIG, f"sum by (provider) ({gpu.power()})", [70]),
    ],
)
def test_each_gpu_and_each_instance_is_one_series(
    given: list[dict[str, str]], query: str, values: list[float], tmp_path: Path
) -> None:
    """By the values alone, which differ: `count_values` names them in a label."""
    expression = f'count_values("value", {query.replace("$provider", "aws-eks")})'
    wanted = [{"labels": f'{{value="{value}"}}', "value": 1} for value in values]
    case: dict[str, Any] = {
        "interval": "15s",
        "input_series": given,
        "promql_expr_test": [{"expr": expression, "eval_time": "1m", "exp_samples": wanted}],
    }
    path = tmp_path / "t.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "15s", "tests": [case]}), encoding="utf-8")
    assert "SUCCESS" in told(program("promtool"), "test", "rules", str(path))
